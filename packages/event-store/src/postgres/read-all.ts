import type { EventType } from '@darkroom/contract';
import { type Cursor, cursorOf, origin, positionOf } from '../cursor.js';
import { arrayOf, type Database } from '../database.js';
import type { LogPage } from '../event-store.js';
import { pageOf } from '../log-page.js';
import { type EventRow, stored } from './read-stream.js';

/**
 * A page of the log in the order of (tx, position), walked in its index from the cursor. Stops before the oldest
 * transaction that is still running: what it writes will stand before all that later ones have written.
 * The names are qualified for a reason: a bare `ORDER BY tx` means the selected text, and '1000' sorts before '999'.
 * Unwanted types travel without their payloads, so that the cursor passes them.
 */
export async function readAll(
  sql: Database,
  after: Cursor,
  limit: number,
  types: readonly EventType[] | undefined,
): Promise<LogPage> {
  const { tx, position } = positionOf(after);
  const wanted = types === undefined ? sql`true` : sql`type = ANY (${arrayOf(types)}::text[])`;
  const rows = await sql<(EventRow & { wanted: boolean })[]>`
    SELECT e.tx::text, e.position::text, stream, version, type, schema_version AS "schemaVersion", id,
           CASE WHEN ${wanted} THEN data END AS data, metadata, CASE WHEN ${wanted} THEN personal END AS personal,
           recorded_at AS "recordedAt", ${wanted} AS wanted
    FROM event_store.events e
    WHERE (e.tx, e.position) > (${String(tx)}::xid8, ${String(position)}::bigint)
      AND e.tx < event_store.horizon()
    ORDER BY e.tx, e.position LIMIT ${limit}`;
  const last = rows.at(-1);
  return pageOf(
    rows.filter((row) => row.wanted).map(stored),
    last === undefined ? after : cursorOf(stored(last)),
  );
}

/** The end of what readAll shows now. */
export async function head(sql: Database): Promise<Cursor> {
  const [row] = await sql<{ tx: string; position: string }[]>`
    SELECT e.tx::text, e.position::text FROM event_store.events e WHERE e.tx < event_store.horizon()
    ORDER BY e.tx DESC, e.position DESC LIMIT 1`;
  return row ? cursorOf({ tx: BigInt(row.tx), position: BigInt(row.position) }) : origin;
}
