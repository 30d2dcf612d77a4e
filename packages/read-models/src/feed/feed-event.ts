import type { EventType } from '@darkroom/contract';
import type { Cursor } from '@darkroom/event-store';

/** One event of a tenant's feed: the fields that its tenant may see, at its place in the log. */
export interface FeedEvent {
  /** Opaque to clients; a feed is resumed after it. */
  readonly cursor: Cursor;
  readonly tenant: string;
  /** UUID of the event. */
  readonly event: string;
  /** UUID of the generation. */
  readonly generation: string;
  readonly version: number;
  readonly type: EventType;
  readonly data: Readonly<Record<string, unknown>>;
  readonly recordedAt: Date;
}
