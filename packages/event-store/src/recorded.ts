import { ContractError, decodeEvent } from '@darkroom/contract';
import { cursorOf, type LogPosition } from './cursor.js';
import { EventStoreError } from './errors.js';
import type { EventMetadata, RecordedEvent } from './events.js';

type Json = Parameters<typeof decodeEvent>[2];

/** An event as it is stored, whatever the store. */
export interface StoredEvent extends LogPosition {
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly id: string;
  readonly data: Json;
  readonly metadata: EventMetadata;
  /** `{}`: erased. */
  readonly personal: Json | null;
  readonly recordedAt: Date;
}

/**
 * The read edge: every stored shape becomes today's here, and only here.
 * @throws EventStoreError `unreadable_event` for a type, a schema version or a payload that this code does not know
 */
export function recorded(row: StoredEvent): RecordedEvent {
  const unreadable = (reason: string, cause?: unknown): EventStoreError =>
    new EventStoreError(
      'unreadable_event',
      `event ${row.version} of stream ${row.stream} cannot be read: ${reason}`,
      { stream: row.stream, version: String(row.version), type: row.type },
      { cause },
    );
  const erased = row.personal !== null && Object.keys(row.personal).length === 0;
  try {
    return {
      ...decodeEvent(row.type, row.schemaVersion, row.data, row.personal),
      id: row.id,
      stream: row.stream,
      version: row.version,
      schemaVersion: row.schemaVersion,
      metadata: row.metadata,
      recordedAt: row.recordedAt,
      erased,
      cursor: cursorOf(row),
    };
  } catch (cause) {
    if (cause instanceof ContractError) throw unreadable(cause.message, cause);
    throw cause;
  }
}
