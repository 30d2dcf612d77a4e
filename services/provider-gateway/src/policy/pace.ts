import { type Attempt, currentAttempt, type GenerationState } from '@darkroom/domain';

const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);

/** Spreads a delay by a fifth to both sides, so that what started together does not stay together. */
function spread(ms: number, random: number): number {
  return Math.round(ms * (0.8 + 0.4 * random));
}

/**
 * Milliseconds to the next look at a running job: near the usual duration at first, then the more seldom the older it is.
 * `usualMs`: median from submit to images.
 */
export function pollDelay(attempt: Attempt, now: number, usualMs: number, random: number): number {
  const age = now - (attempt.acceptedAt ?? now);
  if (age < usualMs * 0.5) return spread(clamp(usualMs * 0.6 - age, 200, 30_000), random);
  return spread(clamp(age * 0.25, 300, 30_000), random);
}

/** Milliseconds to the next try to settle an unknown outcome: 1 s to 60 s, by how old the question is. */
export function settleDelay(attempt: Attempt, now: number, random: number): number {
  return spread(clamp((now - (attempt.unknownSince ?? now)) * 0.5, 1_000, 60_000), random);
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

/** Whether a generation occupies a place at its vendor. */
export function holdsSlot(state: GenerationState, now: number): boolean {
  if (state.phase === 'submitting' || state.phase === 'processing') return true;
  return state.phase === 'unresolved' && now < (currentAttempt(state)?.settleUntil ?? 0);
}
