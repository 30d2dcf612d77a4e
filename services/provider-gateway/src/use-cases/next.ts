import { currentAttempt, type GenerationState, isFinal } from '@darkroom/domain';
import type { Claim, Move } from '@darkroom/work-table';
import { holdsSlot } from '../policy/pace.js';

/** What follows a step: plan again, nothing (the row was let go, or is another's), or the move that lets the row go. */
export type Next = 'again' | 'released' | Move;

export const again = 'again' satisfies Next;

/** Where a row goes. */
interface Rest {
  /** Milliseconds since the epoch; null: when a message comes. */
  readonly due: number | null;
  readonly release: boolean;
  /** `held`: whatever the state says; `kept`: as it was. Default: as the state says. */
  readonly slot?: 'held' | 'kept';
}

/** The row of a generation in this state. */
export function rowOf(state: GenerationState, now: number, { due, release, slot }: Rest): Move {
  const occupies = slot === 'held' || holdsSlot(state, now);
  const account = currentAttempt(state)?.account;
  return {
    phase: state.phase,
    nextActionAt: due === null ? null : new Date(due),
    foldedVersion: state.version,
    ...(slot === 'kept' ? {} : { holdsSlot: occupies }),
    // Of a row that was made anew from the log, nobody has said it yet; what is decided of an account wakes its open questions.
    ...((occupies || state.phase === 'unresolved') && account !== undefined ? { account } : {}),
    release,
  };
}

/** Lets the row go until then; null: until a message comes. Milliseconds since the epoch. */
export function restUntil(ports: { now(): number }, state: GenerationState, due: number | null): Move {
  return rowOf(state, ports.now(), { due, release: true });
}

/**
 * Lets the row go until the account takes work again and has a free slot; `elsewhere`: it may go to another one meanwhile. It is timed
 * as well: by its deadline, and by whatever message comes, so that a cancel does not wait.
 */
export function waitForTurn(state: GenerationState, account: string, elsewhere: boolean): Move {
  return {
    phase: state.phase,
    nextActionAt: new Date(state.deadline),
    foldedVersion: state.version,
    account,
    holdsSlot: false,
    ready: true,
    elsewhere,
    release: true,
  };
}

/** Hands the row to whoever comes next, its place in the queue kept. */
export function handBack(ports: { now(): number }, claim: Claim, state: GenerationState): Move {
  const waits = state.phase === 'requested' || state.phase === 'waiting';
  // A job that was left running may have it.
  const slot = isFinal(state.phase) ? ({ slot: 'kept' } as const) : {};
  return {
    ...rowOf(state, ports.now(), { due: ports.now(), release: true, ...slot }),
    ...(waits && claim.account !== null ? { ready: true } : {}),
  };
}
