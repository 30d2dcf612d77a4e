import type { GenerationState } from '@darkroom/domain';
import type { Move } from '@darkroom/work-table';
import type { GatewayPorts } from '../gateway-ports.js';
import { holdsSlot } from '../policy/pace.js';

/** What follows a step: plan again, nothing (the row was let go with an append), or the move that lets the row go. */
export type Next = 'again' | 'released' | Move;

export const again: Next = 'again';

/** Lets the row go until then; null: until a message comes. Milliseconds since the epoch. */
export function restUntil(ports: GatewayPorts, state: GenerationState, due: number | null): Move {
  return {
    phase: state.phase,
    nextActionAt: due === null ? null : new Date(due),
    foldedVersion: state.version,
    holdsSlot: holdsSlot(state, ports.now()),
    release: true,
  };
}

/** Lets the row go until the account has a free slot; the deadline is looked at then, or when it comes. */
export function waitForSlot(state: GenerationState, account: string): Move {
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
