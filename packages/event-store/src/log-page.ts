import { type Cursor, cursorOf } from './cursor.js';
import { EventStoreError } from './errors.js';
import type { LogPage, UnreadableEvent } from './event-store.js';
import type { RecordedEvent } from './events.js';
import { recorded, type StoredEvent } from './recorded.js';

/** One event that this program cannot read must not hide the others from it. */
export function pageOf(rows: readonly StoredEvent[], cursor: Cursor): LogPage {
  const events: RecordedEvent[] = [];
  const unreadable: UnreadableEvent[] = [];
  for (const row of rows) {
    try {
      events.push(recorded(row));
    } catch (error) {
      if (!(error instanceof EventStoreError)) throw error;
      const { id, stream, version, type, schemaVersion, metadata } = row;
      unreadable.push({ id, stream, version, type, schemaVersion, metadata, cursor: cursorOf(row), error });
    }
  }
  return { events, unreadable, cursor };
}
