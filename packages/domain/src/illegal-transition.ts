import type { GenerationEventType } from '@darkroom/contract';
import type { Phase } from './state.js';

/** The log holds an event that the table of transitions does not allow there. It means a bug, never a race. */
export class IllegalTransition extends Error {
  override readonly name = 'IllegalTransition';
  readonly code = 'illegal_transition';
  constructor(
    readonly from: Phase | 'none',
    readonly event: GenerationEventType,
    readonly version: number,
    why: string,
  ) {
    super(`${event} at version ${version} is not allowed in ${from}: ${why}`);
  }
}
