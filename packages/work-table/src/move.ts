import type { Database } from '@darkroom/event-store';
import type postgres from 'postgres';
import type { Claim, Move } from './job.js';
import type { JobNames } from './names.js';

/**
 * The statement that moves a held row; it touches nothing once the claim is released or fenced off. The holder's own append
 * counts as seen, so that the message about it wakes nobody. No due time lies in the database's past, whatever the holder's clock says:
 * looks begin where the last one ended.
 */
export function moveRow(
  sql: Database | postgres.TransactionSql,
  names: JobNames,
  claim: Claim,
  move: Move,
): postgres.PendingQuery<postgres.Row[]> {
  const { release, foldedVersion } = move;
  const next = move.nextActionAt;
  const account = move.account === undefined ? sql`account` : sql`${move.account}::text`;
  const holdsSlot = move.holdsSlot === undefined ? sql`holds_slot` : sql`${move.holdsSlot}::boolean`;
  // A job that is found at its vendor holds a slot without having waited for one; each account's are numbered in their order.
  const slot = sql`CASE
    WHEN NOT ${holdsSlot} THEN NULL
    WHEN slot IS NOT NULL AND account IS NOT DISTINCT FROM ${account} THEN slot
    ELSE nextval(${names.slots}::regclass) END`;
  const readySince = move.ready === true ? sql`coalesce(ready_since, clock_timestamp())` : sql`NULL`;
  const elsewhere = move.elsewhere === undefined ? sql`elsewhere` : sql`${move.elsewhere}::boolean`;
  const letGo = sql`, holder = NULL, woken_at = NULL, due_at = CASE
    WHEN woken_at IS NOT NULL AND seen_version > ${foldedVersion}
      THEN greatest(least(woken_at, ${next}::timestamptz), clock_timestamp())
    WHEN ${next}::timestamptz IS NOT NULL THEN greatest(${next}::timestamptz, clock_timestamp()) END`;
  return sql`
    UPDATE ${sql(names.jobs)}
    SET phase = ${move.phase}, folded_version = greatest(folded_version, ${foldedVersion}),
        seen_version = greatest(seen_version, ${foldedVersion}),
        account = ${account}, holds_slot = ${holdsSlot}, slot = ${slot}, ready_since = ${readySince},
        elsewhere = ${elsewhere}${release ? letGo : sql``}
    WHERE generation = ${claim.generation} AND fencing = ${String(claim.fencing)}::bigint AND holder IS NOT NULL`;
}
