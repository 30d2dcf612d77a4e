import { arrayOf, type Database } from '@darkroom/event-store';
import type postgres from 'postgres';
import { z } from 'zod';
import type { Claim, ClaimRequest } from './job.js';
import type { DueFloor } from './due-floor.js';
import type { SlotsFloor } from './slots-floor.js';
import type { JobNames } from './names.js';

const claimedRow = z.object({
  generation: z.string(),
  tenant: z.string(),
  fencing: z.string().transform(BigInt),
  phase: z.string().nullable(),
  foldedVersion: z.number(),
  seenVersion: z.number(),
  account: z.string().nullable(),
  holdsSlot: z.boolean(),
  traceparent: z.string().nullable(),
  takenOver: z.boolean(),
});

/** Claims due rows in one short transaction; a row that somebody else is at is passed over. */
export async function claimDue(
  sql: Database,
  names: JobNames,
  request: ClaimRequest,
  floor: DueFloor,
  slots: SlotsFloor,
): Promise<Claim[]> {
  const { holder, limit, leaseSeconds } = request;
  const rows =
    request.kind === 'timed'
      ? await claimTimed(sql, names, request, floor)
      : await sql`
          SELECT ${columns(sql)}, false AS "takenOver"
          FROM ${sql(names.claimReady)}(${request.account}, ${request.slots}, ${holder}, ${limit},
                                        make_interval(secs => ${leaseSeconds}),
                                        ${String(await slots.of(request.account))}::bigint) AS job`;
  return rows.map((row) => claimedRow.parse(row));
}

async function claimTimed(
  sql: Database,
  names: JobNames,
  { holder, limit, leaseSeconds }: ClaimRequest,
  floor: DueFloor,
): Promise<readonly postgres.Row[]> {
  const rows = await sql`
    SELECT ${columns(sql)}, taken_over AS "takenOver", due, looked
    FROM ${sql(names.claimTimed)}(${holder}, ${limit}, make_interval(secs => ${leaseSeconds}),
                                  coalesce(${floor.next()}::timestamptz, '-infinity'))`;
  const claimed = rows.filter((row) => row['generation'] !== null);
  const look = lookedRow.parse(rows.at(-1));
  floor.looked({ at: look.looked, reachedTheEnd: claimed.length < limit, lastDue: look.due });
  return claimed;
}

const lookedRow = z.object({ due: z.date().nullable(), looked: z.date() });

const columns = (sql: Database): postgres.PendingQuery<postgres.Row[]> => sql`
  (job).generation, (job).tenant, (job).fencing::text, (job).phase, (job).folded_version AS "foldedVersion",
  (job).seen_version AS "seenVersion", (job).account, (job).holds_slot AS "holdsSlot", (job).traceparent`;

/** Lengthens leases, in the order of the generations as every writer of many rows. */
export async function renew(
  sql: Database,
  names: JobNames,
  claims: readonly Claim[],
  leaseSeconds: number,
): Promise<Claim[]> {
  if (claims.length === 0) return [];
  const rows = await sql<{ generation: string; seenVersion: number }[]>`
    WITH held AS MATERIALIZED (
      SELECT j.generation FROM ${sql(names.jobs)} j
      JOIN unnest(${arrayOf(claims.map(({ generation }) => generation))}::uuid[],
                  ${arrayOf(claims.map(({ fencing }) => String(fencing)))}::bigint[]) AS c(generation, fencing)
        ON c.generation = j.generation AND c.fencing = j.fencing
      WHERE j.holder IS NOT NULL
      ORDER BY j.generation FOR UPDATE OF j
    )
    UPDATE ${sql(names.jobs)} j SET due_at = clock_timestamp() + make_interval(secs => ${leaseSeconds})
    FROM held h WHERE j.generation = h.generation
    RETURNING j.generation, j.seen_version AS "seenVersion"`;
  const seen = new Map(rows.map((row) => [row.generation, row.seenVersion]));
  return claims.flatMap((claim) => {
    const seenVersion = seen.get(claim.generation);
    return seenVersion === undefined ? [] : [{ ...claim, seenVersion }];
  });
}

/**
 * When the next row is due, if that is so soon; the end of a lease counts, as its row is then taken over. Asked no further: beyond
 * lie the ends of all leases that were handed back.
 */
export async function msUntilDue(
  sql: Database,
  names: JobNames,
  floor: DueFloor,
  withinMs: number,
): Promise<number | null> {
  const [row] = await sql<{ ms: number | null }[]>`
    SELECT ceil(extract(epoch FROM min(due_at) - clock_timestamp()) * 1000)::float8 AS ms FROM ${sql(names.jobs)}
    WHERE due_at >= coalesce(${floor.present()}::timestamptz, '-infinity')
      AND due_at <= (SELECT clock_timestamp() + make_interval(secs => ${withinMs / 1000}))`;
  return row?.ms == null ? null : Math.max(0, row.ms);
}
