import { currentAttempt, type GenerationState } from '@darkroom/domain';
import type { Claim, Move } from '@darkroom/work-table';
import { holdsSlot } from '../policy/pace.js';

/** What follows a step: plan again, nothing (the row was let go, or is another's), or the move that lets the row go. */
export type Next = 'again' | 'released' | Move;

export const again = 'again' satisfies Next;

/** The row of a generation in this state. Due: milliseconds since the epoch; null: when a message comes. */
export function rowOf(
  state: GenerationState,
  now: number,
  { due, release }: { readonly due: number | null; readonly release: boolean },
): Move {
  const occupies = holdsSlot(state, now);
  const account = currentAttempt(state)?.account;
  return {
    phase: state.phase,
    nextActionAt: due === null ? null : new Date(due),
    foldedVersion: state.version,
    holdsSlot: occupies,
    // Of a row that was made anew from the log, nobody has said it yet.
    ...(occupies && account !== undefined ? { account } : {}),
    release,
  };
}

/** Lets the row go until then; null: until a message comes. Milliseconds since the epoch. */
export function restUntil(ports: { now(): number }, state: GenerationState, due: number | null): Move {
  return rowOf(state, ports.now(), { due, release: true });
}

/**
 * Lets the row go until the account takes work again and has a free slot. It is timed as well: by its deadline, and by
 * whatever message comes, so that a cancel does not wait.
 */
export function waitForTurn(state: GenerationState, account: string): Move {
  return {
    phase: state.phase,
    nextActionAt: new Date(state.deadline),
    foldedVersion: state.version,
    account,
    holdsSlot: false,
    ready: true,
    release: true,
  };
}

/** Hands the row to whoever comes next, its place in the queue kept. */
export function handBack(ports: { now(): number }, claim: Claim, state: GenerationState): Move {
  const waits = state.phase === 'requested' || state.phase === 'waiting';
  return {
    ...rowOf(state, ports.now(), { due: ports.now(), release: true }),
    ...(waits && claim.account !== null ? { ready: true } : {}),
  };
}
