import { array, assert, nat, property } from 'fast-check';
import { worseCharge } from './charge.js';
import { conditions } from './conditions.js';
import { decide } from './decide.js';
import type { PlacedEvent } from './event.js';
import { evolve } from './evolve.js';
import { planArtifact } from './plan-artifact.js';
import { planGateway } from './plan-gateway.js';
import { attemptOf, type GenerationState, isFinal, type Phase } from './state.js';
import { submit } from './testing/a-generation.js';
import { isTaken, takenNews, type Mood, walk, type Walk } from './testing/random-walk.js';
import { transitions } from './transitions.js';

/** Of each of the seven properties: 105,000 together. */
const sequences = 15_000;
const choices = array(nat(0xff_ffff), { minLength: 6, maxLength: 26, size: 'max' });

function holds(claim: (walked: Walk) => void, mood: Mood = 'anything'): void {
  assert(
    property(choices, (chosen) => readably(walk(chosen, mood), claim)),
    { numRuns: sequences, seed: 20260101 },
  );
}

/** A failure tells the walk that led to it. */
function readably(walked: Walk, claim: (walked: Walk) => void): void {
  try {
    claim(walked);
  } catch (error) {
    const lines = walked.steps.map(
      ({ command, before, events, after }) =>
        `${before.phase}: ${command.type} ${'news' in command ? command.news.kind : ''}${'attempt' in command ? ` #${command.attempt}` : ''} -> [${events.map(({ type }) => type).join()}] ${after.phase}`,
    );
    throw new Error(`${String(error)}\n${lines.join('\n')}`, { cause: error });
  }
}

/** Cells of the table as `event phase: condition`. */
const cells = Object.entries(transitions).flatMap(([type, row]) =>
  Object.entries(row).flatMap(([phase, rules]) => rules.map(({ when }) => `${type} in ${phase}: ${when}`)),
);

function cellOf(before: GenerationState | undefined, event: PlacedEvent): string {
  const phase: Phase | 'none' = before?.phase ?? 'none';
  const rules = transitions[event.type][phase] ?? [];
  const rule = before === undefined ? rules[0] : rules.find(({ when }) => conditions[when](before, event));
  return `${event.type} in ${phase}: ${rule?.when}`;
}

describe('whatever is asked, in whatever order', () => {
  it('never decides upon an event that evolve refuses, and reaches every cell of the table', () => {
    const reached = new Set<string>();
    holds(({ events, state }) => {
      let folded: GenerationState | undefined;
      for (const event of events) {
        reached.add(cellOf(folded, event));
        folded = evolve(folded, event);
      }
      expect(folded).toEqual(state);
    });
    expect(cells.filter((cell) => !reached.has(cell))).toEqual([]);
  });

  it('(1) submits again only when no earlier attempt may be charged, or an event accepted a second charge', () => {
    let again = 0;
    holds(({ events }) => {
      again += everySubmitIsAllowed(events);
    });
    expect(again).toBeGreaterThan(sequences / 10);
  });

  it('(2) ends each run once', () => {
    let ends = 0;
    holds(({ events }) => {
      const runs = events.flatMap(({ type, data }) =>
        type === 'GenerationCompleted' || type === 'GenerationFailed' || type === 'GenerationCanceled'
          ? [data.run]
          : [],
      );
      ends += runs.length;
      expect(runs).toEqual(runs.map((_, index) => index + 1));
    });
    expect(ends).toBeGreaterThan(sequences / 3);
  });

  it('(3) gives a job one owner', () => {
    let jobs = 0;
    holds(({ events }) => {
      const owners = new Map<string, number>();
      for (const { data } of events) {
        if (!('vendorJobId' in data) || data.vendorJobId === '') continue;
        const owner = owners.get(data.vendorJobId) ?? data.attempt;
        owners.set(data.vendorJobId, owner);
        jobs += 1;
        if (owner !== data.attempt) throw new Error(`${data.vendorJobId} is of ${owner} and ${data.attempt}`);
      }
    });
    expect(jobs).toBeGreaterThan(sequences / 3);
  });

  it('(4) keeps every job that it heard of: as the attempt’s own, adopted, or an orphan', () => {
    holds(({ steps, state }) => {
      for (const { command, before } of steps) {
        if (command.type !== 'hear' || !('jobId' in command.news) || command.news.jobId === null) continue;
        const { jobId } = command.news;
        const attempt = attemptOf(state, command.attempt);
        if (attempt === undefined || attemptOf(before, command.attempt) === undefined) continue;
        const isKnown =
          state.attempts.some(({ vendorJobId }) => vendorJobId === jobId) ||
          state.orphans.some(({ vendorJobId }) => vendorJobId === jobId) ||
          // It answered without a job id: this one is of that submit.
          (attempt.vendorJobId === null && (attempt.everAccepted || attempt.status === 'failed'));
        if (!isKnown) throw new Error(`${jobId} of attempt ${attempt.number}, ${attempt.status}, was lost`);
      }
    });
  });

  it('(5) never ends with a smaller charge than the vendor’s', () => {
    let charged = 0;
    holds(({ contract, steps }) => {
      for (const { after, events, before, command } of steps) {
        const end = events.find(({ type }) => type.startsWith('Generation'));
        if (end === undefined || !('charge' in end.data)) continue;
        // The ledger: what reached the vendor may be billed, and is where it has made the images.
        const taken = after.attempts.filter(({ number }) => isTaken(after, number));
        const made = taken.filter(({ status }) => status === 'produced');
        const free = taken.filter(
          ({ status, end: how }) =>
            status === 'failed' && how !== 'ATTEMPT_END_VENDOR_CANCELED' && !contract.failedRunsCharged,
        );
        const truth =
          made.length > 0 ? 'CHARGE_CERTAIN' : taken.length > free.length ? 'CHARGE_POSSIBLE' : 'CHARGE_NONE';
        charged += truth === 'CHARGE_NONE' ? 0 : 1;
        if (worseCharge(end.data.charge, truth) !== end.data.charge)
          throw new Error(`${end.data.charge} while ${truth}, after ${command.type} in ${before.phase}`);
        expect(end.data.charge).toBe(after.charge);
      }
    }, 'honest');
    expect(charged).toBeGreaterThan(sequences / 10);
  });

  it('(6) changes nothing when it is asked again: repeated commands, repeated news, repeated wake-ups', () => {
    assert(
      property(choices, nat(0xffff), (chosen, order) => {
        readably(walk(chosen), (walked) => {
          for (const { command, events, after } of walked.steps)
            if (events.length > 0) expect(decide(command, after).kind).toBe('refused');
          if (isFinal(walked.state.phase)) {
            // That a job was there is news again once it was missing.
            const news = takenNews(walked).filter(
              ({ attempt }) => attemptOf(walked.state, attempt)?.unknownCause !== 'UNKNOWN_CAUSE_JOB_MISSING',
            );
            for (let i = 0; i < news.length * 2; i += 1) {
              const command = news[(order * (i + 1) + i * i) % news.length];
              if (command !== undefined) expect(decide(command, walked.state).kind).toBe('refused');
            }
          }
          wakeUps(walked);
        });
      }),
      { numRuns: sequences, seed: 20260101 },
    );
  });
});

/** Every start of a stream is held against what its events, and nothing else, say of the earlier attempts. */
function everySubmitIsAllowed(events: readonly PlacedEvent[]): number {
  const mayCost = new Set<number>();
  const isAccepted = new Set<number>();
  let again = 0;
  let abandonIsOrdered = false;
  for (const event of events) {
    const { type, data } = event;
    switch (type) {
      case 'SubmissionStarted': {
        const inTheWay = [...mayCost].filter((attempt) => !isAccepted.has(attempt));
        if (inTheWay.length > 0) throw new Error(`attempt ${data.attempt} started over ${inTheWay.join()}`);
        again += mayCost.size;
        mayCost.add(data.attempt);
        abandonIsOrdered = false;
        break;
      }
      case 'AttemptFailed':
        if (data.charge === 'CHARGE_NONE') mayCost.delete(data.attempt);
        if (abandonIsOrdered) isAccepted.add(data.attempt);
        break;
      case 'SubmissionResolved':
        if (data.resolution === 'RESOLUTION_FOUND') {
          if (data.charge !== 'CHARGE_NONE') mayCost.add(data.attempt);
        } else if (data.resolution === 'RESOLUTION_GIVEN_UP') {
          if (data.acceptDoubleCharge) isAccepted.add(data.attempt);
        } else mayCost.delete(data.attempt);
        break;
      case 'PaidOrphanRecorded':
        if (data.charge !== 'CHARGE_NONE') mayCost.add(data.attempt);
        break;
      case 'OrphanAdopted':
        mayCost.add(data.attempt);
        break;
      case 'AttemptAbandoned':
        if (data.acceptDoubleCharge) isAccepted.add(data.attempt);
        break;
      case 'RetryOrdered':
        if (data.acceptDoubleCharge) for (const attempt of mayCost) isAccepted.add(attempt);
        abandonIsOrdered = data.abandon;
        break;
      default:
    }
  }
  return again;
}

/** What the plans bring about at one moment is the same in any order, and comes to rest; what they promise is possible. */
function wakeUps({ state, now, contract }: Walk): void {
  const settle = (from: GenerationState, order: readonly ('gateway' | 'artifact')[]): GenerationState =>
    order.reduce((before, who) => {
      const command = who === 'gateway' ? gatewaysCommand(before) : artifactsCommand(before);
      if (command === null) return before;
      const decision = decide(command, before);
      if (decision.kind === 'refused') throw new Error(`planned ${command.type}: ${decision.reason}`);
      return decision.events.reduce(
        (then, event) => evolve(then, { ...event, version: then.version + 1, at: now }),
        before,
      );
    }, from);
  const gatewaysCommand = (before: GenerationState) => {
    const action = planGateway(before, now, () => contract);
    if (action.do === 'submit') expect(decide(submit(now), before).kind).toBe('events');
    return action.do === 'append' ? action.command : null;
  };
  const artifactsCommand = (before: GenerationState) =>
    planArtifact(before, now).do === 'conclude' ? ({ type: 'conclude-storing', now } as const) : null;
  const one = settle(state, ['gateway', 'artifact', 'gateway', 'artifact']);
  const other = settle(state, ['artifact', 'artifact', 'gateway', 'gateway']);
  expect(other).toEqual(one);
  expect(settle(one, ['artifact', 'gateway'])).toBe(one);
}
