import type { ParkedStream } from '@darkroom/event-bus';
import { toPublicId } from '@darkroom/platform';

/** A stream that a consumer could not get past, as operators see it. */
export interface ParkedView {
  readonly consumer: string;
  readonly generation: string;
  /** The first event that was not handled, and the newest that waits behind it. */
  readonly version: number;
  readonly type: string;
  readonly last_version: number;
  readonly error: { readonly name: string; readonly code: string | null; readonly message: string };
  readonly attempts: number;
  readonly parked_at: string;
  readonly next_try_at: string;
}

export function parkedView(parked: ParkedStream): ParkedView {
  return {
    consumer: parked.consumer,
    generation: toPublicId('gen', parked.stream),
    version: parked.version,
    type: parked.eventType,
    last_version: parked.lastVersion,
    error: parked.error,
    attempts: parked.attempts,
    parked_at: parked.parkedAt.toISOString(),
    next_try_at: parked.nextTryAt.toISOString(),
  };
}
