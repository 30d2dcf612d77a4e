import { type Attempt, currentAttempt, type GenerationState } from '@darkroom/domain';
import type { UsualDuration } from './durations.js';

const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);

/** Spreads a delay by a fifth to both sides, so that what started together does not stay together. */
function spread(ms: number, random: number): number {
  return Math.round(ms * (0.8 + 0.4 * random));
}

/**
 * Milliseconds to the next look at a running job: the first where half of them are done, some more while most end, then the more seldom
 * the older it is. Where nothing but the sheet says how long jobs take, the first comes much earlier: a server of one's own may be ten
 * times as fast, and what is seen is never less than when we looked.
 */
export function pollDelay(
  attempt: Pick<Attempt, 'acceptedAt'>,
  now: number,
  { p50Ms, p95Ms, isSeen }: UsualDuration,
  random: number,
): number {
  const age = now - (attempt.acceptedAt ?? now);
  if (!isSeen && age < p50Ms) return spread(clamp(Math.max(p50Ms * 0.2, age * 0.5), 200, 30_000), random);
  // What is seen is when we looked: a little earlier than usual, or the history would only ever grow.
  if (age < p50Ms * 0.75) return spread(clamp(p50Ms * 0.9 - age, 200, 60_000), random);
  const most = age < p95Ms ? clamp((p95Ms - p50Ms) / 4, 300, 30_000) : 30_000;
  return spread(clamp(age * 0.25, 300, most), random);
}

/**
 * Milliseconds to the next try to settle an unknown outcome: 1 s to 60 s, by how old the question is. `repeats`: where it is sent again,
 * which is written down each time, the wait goes on growing, or a day's outage would fill the log: with some eighty of them.
 */
export function settleDelay(
  { unknownSince }: Pick<Attempt, 'unknownSince'>,
  now: number,
  random: number,
  repeats: boolean,
): number {
  const age = now - (unknownSince ?? now);
  return spread(clamp(age * 0.5, 1_000, Math.max(60_000, repeats ? age / 12 : 0)), random);
}

/**
 * Milliseconds to the next cancel of a job whose end was asked for at `since`, from 1 s to 30 s; never beyond `until`, when
 * its vendor's time to confirm is over.
 */
export function cancelDelay(since: number, until: number, now: number, random: number): number {
  const delay = spread(clamp((now - since) / 4, 1_000, 30_000), random);
  return Math.min(delay, Math.max(until - now, 50));
}

/** Milliseconds until an account that could not be reached is tried again. */
export function unreachableDelay(failuresInARow: number, random: number): number {
  return spread(clamp(500 * 2 ** Math.min(failuresInARow, 10), 500, 15_000), random);
}

/** Where a generation rests by itself: nothing is to be done before `due` unless a message comes. Undefined: there is work now. */
export function restOf(
  state: GenerationState,
  now: number,
  pollMs: number,
): { readonly due: number | null } | undefined {
  switch (state.phase) {
    case 'succeeded':
    case 'failed':
    case 'canceled':
      return { due: null };
    case 'storing':
      return state.outputs.some((output) => output.needsLink) ? undefined : { due: null };
    case 'processing': {
      const busy = state.cancelAsked ?? state.failAsked ?? state.abandonOrdered;
      return busy !== null || currentAttempt(state) === undefined
        ? undefined
        : { due: Math.min(now + pollMs, Math.max(state.deadline, now)) };
    }
    case 'requested':
    case 'waiting': {
      const asked = state.cancelAsked !== null || state.failAsked !== null || state.gaveUp;
      return asked || state.retryAt === null || state.retryAt <= now
        ? undefined
        : { due: Math.min(state.retryAt, state.deadline) };
    }
    default:
      return undefined;
  }
}

/** For so long at least a job counts as running that was left so, and of which no look shows that it has ended. */
const leastLeftMs = 60_000;

/**
 * Until when the job of a run that ended at `leftAt` counts as running, unless something tells that it is over. Where its vendor
 * can be asked, a look will: the bound is there for the slot not to be lost where no look ever does. Else it is as long as
 * nearly all jobs take. Milliseconds since the epoch.
 */
export function mayRunUntil(
  { acceptedAt }: Pick<Attempt, 'acceptedAt'>,
  leftAt: number,
  { p95Ms }: UsualDuration,
  canBeAsked: boolean,
): number {
  const most = leftAt + Math.max(p95Ms * 2, leastLeftMs);
  return canBeAsked ? most : Math.min((acceptedAt ?? leftAt) + p95Ms, most);
}

/** Whether a generation that has not ended occupies a place at its vendor. What one that has ended left running: `mayRunUntil`. */
export function holdsSlot(state: GenerationState, now: number): boolean {
  if (state.phase === 'submitting' || state.phase === 'processing') return true;
  if (state.phase !== 'unresolved') return false;
  const { settleUntil, repeats, sendBy } = currentAttempt(state) ?? { settleUntil: 0, repeats: 0, sendBy: 0 };
  // What is sent again may be what starts the job.
  return now < Math.max(settleUntil ?? 0, repeats > 0 ? sendBy : 0);
}
