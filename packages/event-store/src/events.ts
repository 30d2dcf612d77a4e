import type { DecodedEvent, EventData, EventType } from '@darkroom/contract';
import type { Cursor } from './cursor.js';

/** An event that wants to be appended. `id` is a UUID; the same id in the same stream is the same event. */
export type NewEvent<T extends EventType = EventType> = {
  readonly [K in T]: { readonly id: string; readonly type: K; readonly data: EventData[K] };
}[T];

/** Who did it and what it belongs to. Holds nothing personal. */
export interface EventMetadata {
  readonly tenant: string;
  /** `service:artifact`, `client:<key id>` or `operator:<key id>`. */
  readonly actor: string;
  /** Id of the event or command that led to this one. */
  readonly causationId?: string;
  readonly traceparent?: string;
}

/** What is known of a stored event beside its type and payload. */
export interface Recording {
  readonly id: string;
  /** UUID of the stream. */
  readonly stream: string;
  /** Counts within the stream, from 1. */
  readonly version: number;
  readonly schemaVersion: number;
  readonly metadata: EventMetadata;
  readonly recordedAt: Date;
  /** Its personal part was erased: those fields are absent from `data`. */
  readonly erased: boolean;
  readonly cursor: Cursor;
}

/** A stored event, its personal part joined in. */
export type RecordedEvent = DecodedEvent & Recording;
