import type { Command, CommandOf, VendorNews } from '../commands.js';
import { decide } from '../decide.js';
import type { GenerationEvent, PlacedEvent } from '../event.js';
import { evolve } from '../evolve.js';
import { attemptOf, type GenerationState, vendorOf } from '../state.js';
import type { SubmissionContract } from '../submission-contract.js';
import {
  aGeneration,
  ended,
  heard,
  lost,
  models,
  produced,
  requestEvent,
  storedArtifact,
  submit,
} from './a-generation.js';
import { contracts } from './contracts.js';

/** What a step of a walk is made from. */
export interface Dice {
  readonly kind: number;
  readonly a: number;
  readonly b: number;
}

/** Splits a number below 2^24 into three throws. */
export const diceOf = (choice: number): Dice => ({
  kind: choice & 0xff,
  a: (choice >> 8) & 0xff,
  b: (choice >> 16) & 0xff,
});

export interface Step {
  readonly command: Command;
  readonly before: GenerationState;
  readonly events: readonly GenerationEvent[];
  readonly after: GenerationState;
}

export interface Walk {
  readonly contract: SubmissionContract;
  readonly events: readonly PlacedEvent[];
  readonly steps: readonly Step[];
  readonly state: GenerationState;
  readonly now: number;
}

/**
 * `anything`: vendors contradict themselves and people err. `honest`: what is heard is true of a vendor that has, or never gets,
 * each submission.
 */
export type Mood = 'anything' | 'honest';

interface Place {
  readonly state: GenerationState;
  readonly now: number;
  readonly contract: SubmissionContract;
  readonly mood: Mood;
  readonly dice: Dice;
}
type Maker = (place: Place) => Command;

const pick = <T>(items: readonly [T, ...T[]], throw_: number): T => items[throw_ % items.length] ?? items[0];

/** Mostly the current attempt, else an earlier one. */
function attemptFor({ state, dice }: Place): number {
  const { length } = state.attempts;
  return dice.a % 4 !== 0 || length === 0 ? (state.current ?? 1) : 1 + (dice.b % length);
}

/** Half of the time an open question that was left behind, where there is one. */
function questionFor(place: Place): number {
  const { state, dice } = place;
  const left = state.attempts.filter(
    ({ number, status }) => number !== state.current && (status === 'unknown' || status === 'given_up'),
  );
  const one = left[dice.b % Math.max(1, left.length)];
  return one === undefined || dice.a % 2 === 0 ? attemptFor(place) : one.number;
}

/** Whether the vendor of an honest walk ever gets an attempt: by its reference, which is thrown at its start. */
export function isTaken(state: GenerationState, attempt: number): boolean {
  return attemptOf(state, attempt)?.reference.endsWith('taken') === true;
}

function jobOf({ state, mood, dice }: Place, attempt: number): string {
  if (mood === 'honest') return `job-${attempt}`;
  if (dice.b % 16 === 0) return `job-${attempt}-again`;
  return dice.b % 32 === 1 ? `job-${1 + (dice.b % (state.attempts.length + 1))}` : `job-${attempt}`;
}

const hear =
  (newsOf: (place: Place, jobId: string) => VendorNews, needs: 'a job' | 'no job' | 'nothing'): Maker =>
  (place) => {
    const { now, contract, mood, state } = place;
    const attempt = needs === 'no job' ? questionFor(place) : attemptFor(place);
    const isHeard =
      mood === 'anything' || needs === 'nothing' || isTaken(state, attempt) === (needs === 'a job');
    const news = isHeard ? newsOf(place, jobOf(place, attempt)) : lost;
    return heard(news, { now, attempt, contract });
  };

const refusals = [
  'FAILURE_CLASS_RATE_LIMITED',
  'FAILURE_CLASS_UNAUTHORIZED',
  'FAILURE_CLASS_INVALID_REQUEST',
  'FAILURE_CLASS_VENDOR_FAULT',
] as const;
const ends = ['ATTEMPT_END_VENDOR_FAILED', 'ATTEMPT_END_MODERATED', 'ATTEMPT_END_VENDOR_CANCELED'] as const;

const seen = ({ state, now, dice }: Place) => ({
  now,
  reason: 'walk',
  expectedDecisionVersion: dice.b % 16 === 3 ? state.decisionVersion - 1 : state.decisionVersion,
});

/** An honest vendor gives no job id where it is blind and answers with the images. */
const inlineJob = ({ contract, dice, mood }: Place, jobId: string): string | null =>
  contract.poll === 'none' && (mood === 'honest' || dice.a % 2 === 0) ? null : jobId;

const makers = {
  start: ({ state, now, mood, dice }) =>
    submit(now, {
      model: state.nextModel ?? models[0],
      reference: mood === 'honest' && dice.a % 2 === 0 ? 'lost' : `${state.attempts.length + 1} taken`,
    }),
  accepted: hear((_place, jobId) => ({ kind: 'accepted', jobId }), 'a job'),
  running: hear(
    ({ dice }, jobId) => ({
      kind: 'running',
      jobId,
      percent: dice.a % 101,
      queuePosition: dice.b % 3 === 0 ? dice.b : null,
      vendorStatus: 'working',
    }),
    'a job',
  ),
  produced: hear((place, jobId) => produced(inlineJob(place, jobId), place.dice.b % 4), 'a job'),
  ended: hear((place, jobId) => ended(pick(ends, place.dice.b), inlineJob(place, jobId)), 'a job'),
  refused: hear(
    ({ dice }) => ({
      kind: 'refused',
      failureClass: pick(refusals, dice.b),
      vendorCode: 'no',
      vendorMessage: 'no',
      retryAfterSeconds: dice.a % 2 === 0 ? null : dice.a,
    }),
    'no job',
  ),
  notSent: hear(
    () => ({ kind: 'not_sent', failureClass: 'FAILURE_CLASS_NETWORK', reason: 'late' }),
    'no job',
  ),
  unknown: hear(() => lost, 'nothing'),
  // Of an open question it is no news; that its key was used may be.
  missing: hear(
    ({ state }) => ({
      kind: 'unknown',
      cause: state.phase === 'unresolved' ? 'UNKNOWN_CAUSE_KEY_USED' : 'UNKNOWN_CAUSE_JOB_MISSING',
    }),
    'nothing',
  ),
  absent: hear(({ now }) => ({ kind: 'absent', lookedUpAt: now }), 'no job'),
  repeat: (place) => ({
    type: 'repeat-submission',
    now: place.now,
    attempt: attemptFor(place),
    sendBy: place.now + 5_000,
    contract: place.contract,
  }),
  tick: ({ now, contract }) => ({ type: 'tick', now, contract }),
  refresh: ({ state, dice }) => ({
    type: 'refresh-output',
    attempt: state.current ?? 1,
    index: dice.b % 2,
    link:
      dice.a % 4 === 0
        ? null
        : {
            index: dice.b % 2,
            url: 'https://cdn.example/x',
            stagingKey: '',
            expiresAt: '2026-01-01T01:00:00Z',
          },
  }),
  cost: (place) => ({
    type: 'record-cost',
    attempt: attemptFor(place),
    cost: { micros: String(place.dice.b), currency: 'USD' },
    source: 'invoice',
  }),
  store: ({ state, now, dice }) => ({
    type: 'store-artifact',
    now,
    artifact: storedArtifact(state.current ?? 1, dice.b % 2),
  }),
  reject: ({ state, now, dice }) => ({
    type: 'reject-artifact',
    now,
    attempt: state.current ?? 1,
    index: dice.b % 2,
    reason: 'REJECTION_REASON_LINK_EXPIRED',
    detail: '',
  }),
  conclude: ({ now }) => ({ type: 'conclude-storing', now }),
  cancel: ({ now }) => ({ type: 'cancel', now, by: 'REQUESTER_CLIENT', reason: '' }),
  cancelByOperator: (place) => ({ type: 'cancel', by: 'REQUESTER_OPERATOR', ...seen(place) }),
  notify: (place) => ({
    type: 'notify',
    attempt: questionFor(place),
    vendor: vendorOf(attemptOf(place.state, questionFor(place))?.model ?? ''),
    notificationId: `n${place.dice.b}`,
    bodySha256: `n${place.dice.b}`,
    signed: true,
    body: '',
    stagingKey: '',
  }),
  erase: () => ({ type: 'erase', reason: 'asked' }),
  retry: (place) => ({
    type: 'retry',
    ...seen(place),
    model: place.dice.a % 4 === 0 ? models[1] : null,
    abandon: place.dice.a % 3 !== 0,
    acceptDoubleCharge: place.dice.b % 3 !== 0,
  }),
  fail: (place) => ({ type: 'fail', ...seen(place) }),
  resolveFound: (place) => {
    const attempt = attemptFor(place);
    const jobId = place.mood === 'anything' || isTaken(place.state, attempt) ? jobOf(place, attempt) : null;
    return { type: 'resolve', ...seen(place), attempt, outcome: 'found', jobId, acceptDoubleCharge: false };
  },
  resolveNotThere: (place) => {
    const attempt = questionFor(place);
    const outcome = place.mood === 'honest' && isTaken(place.state, attempt) ? 'given_up' : 'not_there';
    return { type: 'resolve', ...seen(place), attempt, outcome, jobId: null, acceptDoubleCharge: false };
  },
  giveUp: (place) => ({
    type: 'resolve',
    ...seen(place),
    attempt: questionFor(place),
    outcome: 'given_up',
    jobId: null,
    acceptDoubleCharge: place.dice.b % 4 !== 0,
  }),
  adopt: (place) => {
    const orphans = place.state.orphans.filter(({ adopted }) => !adopted);
    const orphan = orphans[place.dice.b % Math.max(1, orphans.length)];
    return {
      type: 'adopt',
      ...seen(place),
      attempt: orphan?.attempt ?? 1,
      jobId: orphan?.vendorJobId ?? null,
    };
  },
  extend: (place) => ({
    type: 'extend',
    ...seen(place),
    deadline: place.state.deadline + 60_000 * place.dice.b,
  }),
  stalled: ({ now }) => ({ type: 'mark-stalled', since: now }),
} as const satisfies Record<string, Maker>;

type MakerName = keyof typeof makers;
type Names = readonly [MakerName, ...MakerName[]];

const everyMaker = Object.keys(makers) as unknown as Names;
const often = (name: MakerName, times: number): MakerName[] => Array.from({ length: times }, () => name);
const idle: Names = [
'giveUp', 'giveUp', 'absent',
  'start', ...often('start', 9), 'cancel', 'fail', 'tick', 'tick', 'retry', 'notify', 'stalled', 'accepted', 'produced', 'produced', 'ended', 'adopt', 'resolveNotThere', 'refused', 'extend',
]; // prettier-ignore
const over: Names = [
  'retry', ...often('retry', 5), 'adopt', 'adopt', 'adopt', 'adopt', 'produced', 'accepted', 'resolveFound', 'resolveNotThere', 'giveUp', 'refused', 'notify', 'erase', 'cost',
]; // prettier-ignore
const likely: Readonly<Record<GenerationState['phase'], Names>> = {
  requested: idle,
  waiting: idle,
  submitting: [
'giveUp', 'absent',
    'accepted', 'accepted', 'accepted', 'accepted', 'unknown', 'unknown', 'unknown', 'unknown', 'produced', 'produced', 'refused', 'notSent', 'ended', 'cancel', 'fail', 'notify',
  ], // prettier-ignore
  unresolved: [
    'accepted', 'running', 'produced', 'absent', 'absent', 'repeat', 'repeat', 'resolveNotThere', 'resolveNotThere', 'giveUp', 'giveUp', 'resolveFound', 'notSent', 'tick', 'tick', 'cancel', 'fail', 'refused', 'missing',
  ], // prettier-ignore
  processing: [
'giveUp', 'absent',
    'produced', 'produced', 'produced', 'produced', 'running', 'running', 'ended', 'ended', 'missing', 'cancel', 'fail', 'retry', 'retry', 'tick', 'tick', 'tick', 'cost', 'notify', 'stalled',
  ], // prettier-ignore
  storing: [
    'giveUp',
    'absent',
    'notify',
    'store',
    ...often('store', 5),
    ...often('reject', 6),
    ...often('refresh', 6),
    'fail',
    'conclude',
    'produced',
    'stalled',
  ],
  succeeded: over,
  failed: over,
  canceled: over,
};

/** One step in four moves the clock: a little, or to what the state waits for. */
function later(state: GenerationState, now: number, { a, b }: Dice): number {
  const attempt = state.attempts.at(-1);
  switch (a % 8) {
    case 0:
      return Math.max(now, state.deadline);
    case 7:
      return state.phase === 'unresolved' ? Math.max(now, state.deadline) : now + b * 100;
    case 1:
    case 2:
      return Math.max(now, attempt?.settleUntil ?? now);
    case 3:
    case 4:
      return now + 120_000;
    default:
      return Math.max(now + b * 100, state.retryAt ?? now);
  }
}

function commandFor(place: Place): Command {
  const { kind } = place.dice;
  const names = kind % 5 === 0 ? everyMaker : likely[place.state.phase];
  return makers[names[(kind >> 1) % names.length] ?? names[0]](place);
}

const classes = Object.values(contracts);

/** A run that ended over an open question, and was retried at the price of a second charge: rare by chance alone. */
const retriedOverAQuestion: readonly ((place: Place) => Command)[] = [
  makers.start,
  makers.unknown,
  makers.tick,
  (place) => ({ ...makers.retry(place), abandon: false, acceptDoubleCharge: true }),
];

/** Walks through a generation's life by these choices. @throws IllegalTransition where decide and evolve disagree */
export function walk(choices: readonly number[], mood: Mood = 'anything'): Walk {
  const [first = 0, ...others] = choices;
  const contract = classes[first % classes.length] ?? contracts.lookup;
  const events: PlacedEvent[] = [requestEvent()];
  const steps: Step[] = [];
  let state = aGeneration();
  let now = state.createdAt;
  const step = (make: Maker, dice: Dice): void => {
    const command = make({ state, now, contract, mood, dice });
    const decision = decide(command, state);
    const before = state;
    const decided = decision.kind === 'events' ? decision.events : [];
    for (const event of decided) {
      const placed = { ...event, version: state.version + 1, at: now };
      events.push(placed);
      state = evolve(state, placed);
    }
    steps.push({ command, before, events: decided, after: state });
  };
  if ((first >> 8) % 8 === 7)
    for (const make of retriedOverAQuestion) {
      if (make === makers.tick) now = state.deadline;
      step(make, diceOf(first));
    }
  for (const choice of others) {
    const dice = diceOf(choice);
    if (choice % 4 === 1) now = later(state, now, dice);
    step(commandFor, dice);
  }
  return { contract, events, steps, state, now };
}

/** What was heard and taken, oldest first. */
export function takenNews({ steps }: Walk): CommandOf<'hear'>[] {
  return steps.flatMap(({ command, events }) =>
    command.type === 'hear' && events.length > 0 ? [command] : [],
  );
}
