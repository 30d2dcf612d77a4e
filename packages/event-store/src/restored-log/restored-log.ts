import type postgres from 'postgres';
import { MigrationError } from '../migrations/errors.js';

/** What the restore command did. */
export type Adoption =
  | { readonly outcome: 'in-place' }
  | { readonly outcome: 'adopted'; readonly events: bigint; readonly checkpoints: number };

interface Places {
  /** Highest place that an event or a checkpoint has. */
  readonly highest: string;
  /** First place that no transaction of this cluster has had yet. */
  readonly next: string;
}

/**
 * Refuses a log that a dump brought from another cluster and that was not adopted: its last events would be invisible, and new
 * ones would stand before them.
 * @throws MigrationError `restored_from_dump`
 */
export async function assertLogInPlace(sql: postgres.Sql): Promise<void> {
  const { highest, next } = await placesOf(sql);
  if (BigInt(highest) < BigInt(next)) return;
  throw new MigrationError(
    'restored_from_dump',
    'the event log was restored from a dump of another cluster: with all services stopped, run npm run restore once',
    { highest, next },
  );
}

/**
 * Makes a log that a dump brought the log of this cluster: all of it is visible, every cursor and checkpoint stays what it was,
 * and what is appended from now on stands behind it. Needs the owner's rights, and that no service runs. Harmless where nothing
 * is to be done.
 */
export async function adoptRestoredLog(owner: postgres.Sql): Promise<Adoption> {
  return owner.begin(async (tx) => {
    // Counting a long log takes longer than any request may.
    await tx.unsafe('SET LOCAL statement_timeout = 0');
    // As the functions that act with the owner's rights: the owner itself sees no rows otherwise.
    await tx.unsafe('SET LOCAL search_path = pg_catalog, pg_temp');
    await tx.unsafe('LOCK TABLE event_store.events, event_store.checkpoints IN ACCESS EXCLUSIVE MODE');
    const { highest, next } = await placesOf(tx);
    if (BigInt(highest) < BigInt(next)) return { outcome: 'in-place' } as const;
    // A number that the database itself gave: safe to write into the function's text.
    await tx.unsafe(`
      CREATE OR REPLACE FUNCTION event_store.tx_offset() RETURNS bigint
      LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT ${BigInt(highest)}::bigint $$`);
    // Whoever held them runs elsewhere.
    const { count: checkpoints } = await tx`
      UPDATE event_store.checkpoints SET holder = NULL, lease_until = NULL, fencing = fencing + 1`;
    const [row] = await tx<{ events: string }[]>`SELECT count(*)::text AS events FROM event_store.events`;
    return { outcome: 'adopted', events: BigInt(row?.events ?? 0), checkpoints } as const;
  });
}

async function placesOf(sql: postgres.Sql | postgres.TransactionSql): Promise<Places> {
  // In this order, and in two statements: a function looks at what is there when it runs, a snapshot may be older.
  const [highest] = await sql<Pick<Places, 'highest'>[]>`
    SELECT event_store.highest_place()::text AS highest`;
  const [next] = await sql<Pick<Places, 'next'>[]>`
    SELECT (pg_snapshot_xmax(pg_current_snapshot())::text::bigint + event_store.tx_offset())::text AS next`;
  if (highest === undefined || next === undefined) throw new TypeError('a row was expected');
  return { ...highest, ...next };
}
