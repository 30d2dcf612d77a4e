import type postgres from 'postgres';
import { type Cursor, cursorOf, origin, positionOf } from '../cursor.js';
import type { Database } from '../database.js';
import type { CheckpointLease, Checkpoints } from '../event-store.js';
import { readAgain } from './settle.js';

interface LeaseRow {
  readonly fencing: string;
  readonly tx: string;
  readonly position: string;
}

const at = (row: { tx: string; position: string }): Cursor =>
  cursorOf({ tx: BigInt(row.tx), position: BigInt(row.position) });

/** Takes the lease. A standby that asks while another holds it writes nothing: a write would hold all readers back. */
async function acquire(
  sql: Database,
  subscription: string,
  holder: string,
  ttlSeconds: number,
  startAt: Cursor,
): Promise<CheckpointLease | null> {
  const start = positionOf(startAt);
  const [row] = await sql<LeaseRow[]>`
    INSERT INTO event_store.checkpoints AS c (subscription, tx, position, holder, fencing, lease_until)
    SELECT ${subscription}, ${String(start.tx)}::xid8, ${String(start.position)}::bigint, ${holder}, 1,
           clock_timestamp() + make_interval(secs => ${ttlSeconds})
    WHERE NOT EXISTS (
      SELECT FROM event_store.checkpoints h
      WHERE h.subscription = ${subscription} AND h.holder <> ${holder} AND h.lease_until > clock_timestamp())
    ON CONFLICT (subscription) DO UPDATE
      SET holder = excluded.holder, fencing = c.fencing + 1, lease_until = excluded.lease_until
      WHERE c.holder IS NULL OR c.holder = excluded.holder OR c.lease_until <= clock_timestamp()
    RETURNING c.fencing::text, c.tx::text, c.position::text`;
  return row ? { fencing: BigInt(row.fencing), cursor: at(row) } : null;
}

async function renew(
  sql: Database,
  subscription: string,
  fencing: bigint,
  ttlSeconds: number,
): Promise<boolean> {
  const { count } = await sql`
    UPDATE event_store.checkpoints SET lease_until = clock_timestamp() + make_interval(secs => ${ttlSeconds})
    WHERE subscription = ${subscription} AND fencing = ${String(fencing)}::bigint AND holder IS NOT NULL`;
  return count > 0;
}

/** A compare-and-set on the fencing number that only moves forward. */
async function advance(
  sql: Database | postgres.TransactionSql,
  subscription: string,
  fencing: bigint,
  cursor: Cursor,
): Promise<boolean> {
  const { tx, position } = positionOf(cursor);
  const { count } = await sql`
    UPDATE event_store.checkpoints SET tx = ${String(tx)}::xid8, position = ${String(position)}::bigint
    WHERE subscription = ${subscription} AND fencing = ${String(fencing)}::bigint AND holder IS NOT NULL
      AND (tx, position) <= (${String(tx)}::xid8, ${String(position)}::bigint)`;
  return count > 0;
}

async function release(sql: Database, subscription: string, fencing: bigint): Promise<void> {
  await sql`
    UPDATE event_store.checkpoints SET holder = NULL, lease_until = NULL
    WHERE subscription = ${subscription} AND fencing = ${String(fencing)}::bigint`;
}

async function read(sql: Database, subscription: string): Promise<Cursor | undefined> {
  const [row] = await sql<{ tx: string; position: string }[]>`
    SELECT tx::text, position::text FROM event_store.checkpoints WHERE subscription = ${subscription}`;
  return row && at(row);
}

/** Checkpoints in the database; every write but the release may safely be asked for twice. */
export function postgresCheckpoints(sql: Database): Checkpoints {
  return {
    acquire: (subscription, holder, ttlSeconds, startAt = origin) =>
      readAgain(() => acquire(sql, subscription, holder, ttlSeconds, startAt)),
    renew: (subscription, fencing, ttlSeconds) =>
      readAgain(() => renew(sql, subscription, fencing, ttlSeconds)),
    advance: (subscription, fencing, cursor, tx) =>
      tx === undefined
        ? readAgain(() => advance(sql, subscription, fencing, cursor))
        : advance(tx, subscription, fencing, cursor),
    release: (subscription, fencing) => readAgain(() => release(sql, subscription, fencing)),
    read: (subscription) => readAgain(() => read(sql, subscription)),
  };
}
