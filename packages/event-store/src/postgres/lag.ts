import { origin, positionOf } from '../cursor.js';
import type { Database } from '../database.js';
import { postgresCheckpoints } from './checkpoints.js';

/** What a subscription has not got past. */
export interface SubscriptionLag {
  /** Counted to 10,000. */
  readonly events: number;
  /** Age of the oldest of them in seconds; 0: there is none. */
  readonly ageSeconds: number;
}

const countedTo = 10_000;

/**
 * How far behind the end of the log a subscription is, by its checkpoint; one that never began is behind all of it. Events of transactions that
 * still run are not counted: nobody could have read them.
 */
export async function subscriptionLag(sql: Database, subscription: string): Promise<SubscriptionLag> {
  const reached = await postgresCheckpoints(sql).read(subscription);
  const { tx, position } = positionOf(reached ?? origin);
  const [row] = await sql<{ events: number; age: number }[]>`
    SELECT count(*)::int AS events,
           coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)::float8 AS age
    FROM (
      SELECT recorded_at FROM event_store.events e
      WHERE (e.tx, e.position) > (${String(tx)}::xid8, ${String(position)}::bigint)
        AND e.tx < event_store.horizon()
      ORDER BY e.tx, e.position LIMIT ${countedTo}
    ) behind`;
  return { events: row?.events ?? 0, ageSeconds: Math.max(0, row?.age ?? 0) };
}
