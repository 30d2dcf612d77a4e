import { arrayOf, type Database } from '@darkroom/event-store';
import type { Wake } from './job.js';
import type { JobNames } from './names.js';

/** One wake a generation: the newest version, at the earliest time that was asked for. */
export function mergeWakes(wakes: readonly Wake[]): Wake[] {
  const merged = new Map<string, Wake>();
  for (const wake of wakes) {
    const other = merged.get(wake.generation);
    merged.set(wake.generation, other === undefined ? wake : mergeTwo(other, wake));
  }
  return [...merged.values()];
}

function mergeTwo(a: Wake, b: Wake): Wake {
  if (a.version === b.version && a.account === b.account) return a;
  // What came since may be more than a wish for a slot; what the older one alone tells still holds, as in the row.
  const both = b.version > a.version ? { ...a, ...b } : { ...b, ...a };
  const { at: _at, account: _account, elsewhere: _elsewhere, ...newer } = both;
  // Absent is now, and now comes before any time that is worth naming.
  if (a.at === undefined || b.at === undefined) return newer;
  return { ...newer, at: a.at < b.at ? a.at : b.at };
}

/**
 * Makes rows due, or new ones. Wakes that tell nothing new are dropped by reading alone: most messages are about the holder's
 * own appends, and a write for each would cost a transaction id that holds the log's readers back. Rows are locked in the
 * order of their generations, as by every writer of many.
 * @returns how many told something new
 */
export async function wakeRows(sql: Database, names: JobNames, wakes: readonly Wake[]): Promise<number> {
  // A row that is there already does not wait for its first slot: it is looked at.
  const wanted = sql`CASE WHEN excluded.ready_since IS NULL THEN excluded.due_at ELSE clock_timestamp() END`;
  const { count } = await sql`
    INSERT INTO ${sql(names.jobs)} AS j (generation, tenant, seen_version, due_at, traceparent, account, ready_since, elsewhere, cost)
    SELECT w.generation, w.tenant, w.version, greatest(w.at, clock_timestamp()), w.traceparent, w.account,
           CASE WHEN w.account IS NOT NULL THEN clock_timestamp() END, w.elsewhere, w.cost
    FROM unnest(${arrayOf(wakes.map(({ generation }) => generation))}::uuid[],
                ${arrayOf(wakes.map(({ tenant }) => tenant))}::text[],
                ${arrayOf(wakes.map(({ version }) => version))}::int[],
                ${arrayOf(wakes.map(({ at }) => at?.toISOString() ?? null))}::timestamptz[],
                ${arrayOf(wakes.map(({ traceparent }) => traceparent ?? null))}::text[],
                ${arrayOf(wakes.map(({ account }) => account ?? null))}::text[],
                ${arrayOf(wakes.map(({ elsewhere }) => String(elsewhere ?? true)))}::boolean[],
                ${arrayOf(wakes.map(({ cost }) => cost ?? 1))}::int[])
      AS w(generation, tenant, version, at, traceparent, account, elsewhere, cost)
    WHERE NOT EXISTS (SELECT FROM ${sql(names.jobs)} k WHERE k.generation = w.generation AND k.seen_version >= w.version)
    ORDER BY w.generation
    ON CONFLICT (generation) DO UPDATE
    SET seen_version = excluded.seen_version,
        traceparent = coalesce(excluded.traceparent, j.traceparent),
        woken_at = CASE WHEN j.holder IS NOT NULL THEN least(j.woken_at, ${wanted}) END,
        due_at = CASE WHEN j.holder IS NOT NULL THEN j.due_at ELSE least(j.due_at, ${wanted}) END
    WHERE excluded.seen_version > j.seen_version`;
  return count;
}
