import type { Command } from '../commands.js';
import type { GenerationEvent } from '../event.js';
import { IllegalTransition } from '../illegal-transition.js';
import type { GatewayAction } from '../plan-gateway.js';
import { type GenerationState, isFinal } from '../state.js';
import type { SubmissionContract } from '../submission-contract.js';
import { aGeneration, start } from '../testing/a-generation.js';
import { whatMattersOf } from './what-matters.js';
import { type Rules, tick } from './world.js';

const ticksToDeadline = 4;

/** The log as it stands, and what was found out about it: many worlds differ only in what is outside of it. */
export interface Stream {
  readonly state: GenerationState;
  readonly steps: Map<string, Step | null>;
  readonly plans: Map<number, GatewayAction>;
  /** A number by time: the same for streams from which everything goes on in the same way. */
  readonly numbers: Map<number, number>;
}

/** What an append comes to. */
export interface Step {
  readonly to: Stream;
  /** Attempts beside which a second charge is accepted from now on. */
  readonly accepts: readonly number[];
  /** Attempts of which it is not accepted any more. */
  readonly closes: readonly number[];
  readonly startsAttempt: boolean;
  /** One run ended before, and this is another. */
  readonly startsRun: boolean;
  readonly wrong: string | null;
}

const nothingStarts = { startsAttempt: false, startsRun: false };

/** Decides, appends and plans, each once for the same question. */
export interface Recorder {
  readonly first: Stream;
  /** Null: the command is refused. */
  readonly record: (stream: Stream, now: number, name: string, command: () => Command) => Step | null;
  readonly plan: (stream: Stream, now: number) => GatewayAction;
  readonly numberOf: (stream: Stream, now: number) => number;
}

/** `isMerging`: whether one stream stands for all that go on in the same way; else each is kept as it is. */
export function recorderOf(rules: Rules, contract: SubmissionContract, isMerging = true): Recorder {
  const streams = new Map<string, Stream>();
  const numbers = new Map<string, number>();
  const whatMatters = whatMattersOf(contract);
  const streamOf = (state: GenerationState, now: number): Stream => {
    // Of those that go on in the same way from now on, one is enough.
    const key = isMerging ? `${now} ${whatMatters(state, now)}` : JSON.stringify(state);
    const known = streams.get(key);
    if (known !== undefined) return known;
    const stream = { state, steps: new Map(), plans: new Map(), numbers: new Map() };
    streams.set(key, stream);
    return stream;
  };
  const decideAndAppend = ({ state }: Stream, now: number, command: Command): Step | null => {
    const decision = rules.decide(command, state);
    if (decision.kind === 'refused') {
      const lost = lostEvidence(command, state);
      return lost === null
        ? null
        : { to: streamOf(state, now), accepts: [], closes: [], ...nothingStarts, wrong: lost };
    }
    const { events } = decision;
    let then = state;
    try {
      for (const event of events) then = rules.evolve(then, { ...event, version: then.version + 1, at: now });
    } catch (error) {
      if (!(error instanceof IllegalTransition)) throw error;
      return { to: streamOf(state, now), accepts: [], closes: [], ...nothingStarts, wrong: error.message };
    }
    return {
      to: streamOf(then, now),
      accepts: events.flatMap((event) => acceptedBy(event, state)),
      closes: events.flatMap((event) => closedBy(event, state, then)),
      startsAttempt: events.some(({ type }) => type === 'SubmissionStarted'),
      startsRun: isFinal(state.phase) && !isFinal(then.phase),
      wrong: whatWentWrong(command, events, state, then),
    };
  };
  return {
    first: streamOf(aRequest(), start),
    record: (stream, now, name, command) => {
      const key = `${now} ${name}`;
      const known = stream.steps.get(key);
      if (known !== undefined) return known;
      const step = decideAndAppend(stream, now, command());
      stream.steps.set(key, step);
      return step;
    },
    plan: ({ state, plans }, now) => {
      const known = plans.get(now);
      if (known !== undefined) return known;
      const action = rules.plan(state, now, () => contract);
      plans.set(now, action);
      return action;
    },
    numberOf: (stream, now) => {
      const known = stream.numbers.get(now);
      if (known !== undefined) return known;
      const key = whatMatters(stream.state, now);
      const number = numbers.get(key) ?? numbers.size;
      numbers.set(key, number);
      stream.numbers.set(now, number);
      return number;
    },
  };
}

function aRequest(): GenerationState {
  return aGeneration({
    count: 1,
    minCount: 1,
    deadlineSeconds: ticksToDeadline,
    deadline: new Date(start + ticksToDeadline * tick).toISOString(),
    route: ['sim/fast'],
  });
}

/** Read from the events, and not from what the fold makes of them. */
function acceptedBy({ type, data }: GenerationEvent, before: GenerationState): number[] {
  if (type === 'RetryOrdered' && data.acceptDoubleCharge)
    return before.attempts.flatMap(({ number, charge }) => (charge === 'CHARGE_NONE' ? [] : [number]));
  return type === 'SubmissionResolved' && data.acceptDoubleCharge ? [data.attempt] : [];
}

/**
 * An attempt that the run goes on with is not beside anything; nor is one whose job turned up, after the order to
 * go on without it, while nothing newer was sent: it is to be used, and not to be paid again.
 */
function closedBy(event: GenerationEvent, before: GenerationState, then: GenerationState): number[] {
  const { type, data } = event;
  const isNews =
    type === 'OrphanAdopted' ||
    type === 'OutputsProduced' ||
    (type === 'SubmissionResolved' && data.resolution === 'RESOLUTION_FOUND');
  if (isNews && then.current === data.attempt && !isFinal(then.phase)) return [data.attempt];
  const isIdle = before.phase === 'requested' || before.phase === 'waiting';
  return type === 'PaidOrphanRecorded' && isIdle ? [data.attempt] : [];
}

const isOnRecord = ({ attempts, orphans }: GenerationState, job: string): boolean =>
  attempts.some(({ vendorJobId }) => vendorJobId === job) ||
  orphans.some(({ vendorJobId }) => vendorJobId === job);

/** Every job that was heard of is on record; by induction over the appends, for ever. */
function lostEvidence(command: Command, then: GenerationState): string | null {
  if (command.type !== 'hear' || !('jobId' in command.news)) return null;
  const { attempt, news } = command;
  const isKnown =
    news.jobId === null
      ? then.attempts.some(({ number, everAccepted }) => number === attempt && everAccepted)
      : isOnRecord(then, news.jobId);
  return isKnown ? null : `${news.jobId ?? `the job of attempt ${attempt}`} was heard of and is on no record`;
}

/** What an append must never do; a sentence where it does. */
function whatWentWrong(
  command: Command,
  events: readonly GenerationEvent[],
  before: GenerationState,
  then: GenerationState,
): string | null {
  const known = [...before.attempts, ...before.orphans].map(({ vendorJobId }) => vendorJobId ?? '');
  const lost = known.find((job) => job !== '' && !isOnRecord(then, job));
  if (lost !== undefined) return `${lost} was on record and is no longer`;
  const unheard = lostEvidence(command, then);
  if (unheard !== null) return unheard;
  const isEnding = before.cancelAsked !== null || before.failAsked !== null;
  if (isEnding && events.some(({ type }) => type === 'SubmissionStarted' || type === 'SubmissionRepeated'))
    return 'something is sent that was asked to end';
  return null;
}
