import type { Database } from '../database.js';
import type { StreamsPage } from '../event-store.js';
import { pageOf } from '../log-page.js';
import { origin } from '../cursor.js';
import { eventColumns, type EventRow, stored } from './read-stream.js';

const firstStream = '00000000-0000-0000-0000-000000000000';

/** Walks the primary key. The last stream of a page may be cut: it comes again, whole, with the next. */
export async function readByStream(sql: Database, after: string | null, limit: number): Promise<StreamsPage> {
  const rows = await sql<EventRow[]>`
    SELECT ${eventColumns(sql)} FROM event_store.events e
    WHERE e.stream > ${after ?? firstStream}::uuid
    ORDER BY e.stream, e.version LIMIT ${limit}`;
  const last = rows.at(-1)?.stream;
  if (last === undefined) return { events: [], unreadable: [], next: null };
  const cut = rows.length === limit;
  const whole = cut ? rows.filter(({ stream }) => stream !== last) : rows;
  // One stream longer than a page.
  if (whole.length === 0) return readByStream(sql, after, limit * 4);
  const { events, unreadable } = pageOf(whole.map(stored), origin);
  return { events, unreadable, next: cut ? (whole.at(-1)?.stream ?? null) : null };
}
