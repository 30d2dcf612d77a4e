import type { Database } from '../database.js';
import type { RecordedEvent } from '../events.js';
import { recorded, type StoredEvent } from '../recorded.js';

/** An event row as the driver gives it. */
export type EventRow = Omit<StoredEvent, 'tx' | 'position'> & {
  readonly tx: string;
  readonly position: string;
};

/** 64-bit numbers come as text. */
export function stored(row: EventRow): StoredEvent {
  return { ...row, tx: BigInt(row.tx), position: BigInt(row.position) };
}

/** One stream in order, beyond a version. */
export async function readStream(sql: Database, stream: string, after: number): Promise<RecordedEvent[]> {
  const rows = await sql<EventRow[]>`
    SELECT tx::text, position::text, stream, version, type, schema_version AS "schemaVersion", id, data, metadata, personal,
           recorded_at AS "recordedAt"
    FROM event_store.events WHERE stream = ${stream} AND version > ${after} ORDER BY version`;
  return rows.map((row) => recorded(stored(row)));
}
