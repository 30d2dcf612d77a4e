import type { EventType } from '@darkroom/contract';
import { arrayOf, type Cursor, EventStoreError, type EventStore, parseCursor } from '@darkroom/event-store';
import type postgres from 'postgres';
import { z } from 'zod';
import type { FeedEvent } from './feed-event.js';
import { feedSubscription } from './project-feed.js';

/** What reading a feed needs. */
export interface FeedPorts {
  readonly sql: postgres.Sql;
  readonly store: Pick<EventStore, 'checkpoints' | 'origin'>;
}

export interface FeedQuery {
  readonly tenant: string;
  /** A cursor of this feed; null: from its beginning. */
  readonly after: string | null;
  readonly limit: number;
  readonly types?: readonly EventType[];
}

/**
 * `page`: `cursor` is where to read on, also when no event was there. `ahead`: the cursor lies beyond what the feed holds (another
 * system's, or from before a restore), so that waiting there would miss events. `malformed`: no cursor at all.
 */
export type FeedAnswer =
  | { readonly outcome: 'page'; readonly events: readonly FeedEvent[]; readonly cursor: Cursor }
  | { readonly outcome: 'ahead' }
  | { readonly outcome: 'malformed' };

// What is stored was made by tenantView from a checked event.
const cursorText = z.string().transform((text) => parseCursor(text));
const feedRow = z.object({
  cursor: cursorText,
  tenant: z.string(),
  event: z.string(),
  generation: z.string(),
  version: z.number(),
  type: z.custom<EventType>((value) => typeof value === 'string'),
  data: z.record(z.string(), z.unknown()),
  recordedAt: z.date(),
});

/** Reads a tenant's events after a cursor, in the order of the log. */
export async function readFeed(ports: FeedPorts, query: FeedQuery): Promise<FeedAnswer> {
  const after = parseAfter(ports, query.after);
  if (after === undefined) return { outcome: 'malformed' };
  const rows = await feedPage(ports.sql, query, after);
  const events = rows.map((row): FeedEvent => feedRow.parse(row));
  const last = events.at(-1);
  if (last) return { outcome: 'page', events, cursor: last.cursor };
  return after > (await feedHead(ports)) ? { outcome: 'ahead' } : { outcome: 'page', events, cursor: after };
}

/** One page; the plan of the query inside is asserted in tests. */
export const feedPage = (
  sql: postgres.Sql | postgres.TransactionSql,
  query: Pick<FeedQuery, 'tenant' | 'limit' | 'types'>,
  after: Cursor,
): postgres.PendingQuery<postgres.Row[]> => sql`
  select cursor, tenant, event, generation, version, type, data, recorded_at as "recordedAt"
  from read_models.feed_page(
    ${query.tenant}, ${after}, ${query.types === undefined ? null : arrayOf(query.types)}::text[], ${query.limit}::integer)`;

/** A place from which a live reader starts. */
export interface FeedPlace {
  readonly tenant: string;
  readonly after: Cursor;
}

/**
 * Reads the feeds of several tenants at once, each after its own cursor: one query for a whole process's live readers.
 * At most `limitEach` events a tenant; those of one tenant are in order.
 */
export async function readFeeds(
  sql: postgres.Sql,
  places: readonly FeedPlace[],
  limitEach: number,
): Promise<FeedEvent[]> {
  if (places.length === 0) return [];
  const rows = await sql`
    select cursor, tenant, event, generation, version, type, data, recorded_at as "recordedAt"
    from read_models.feeds_after(
      ${arrayOf(places.map(({ tenant }) => tenant))}::text[], ${arrayOf(places.map(({ after }) => after))}::text[],
      ${limitEach}::integer)`;
  return rows.map((row): FeedEvent => feedRow.parse(row));
}

/** How far the feed reaches now: where a reader starts that wants only what is new. */
export async function feedHead(ports: Pick<FeedPorts, 'store'>): Promise<Cursor> {
  return (await ports.store.checkpoints.read(feedSubscription)) ?? ports.store.origin;
}

function parseAfter(ports: FeedPorts, after: string | null): Cursor | undefined {
  if (after === null) return ports.store.origin;
  try {
    return parseCursor(after);
  } catch (error) {
    if (error instanceof EventStoreError && error.code === 'malformed_cursor') return undefined;
    throw error;
  }
}
