import type postgres from 'postgres';
import { z } from 'zod';
import type { Progress } from './build-next.js';

/** `asked`, then `building` and `catching_up`, then one of the last two. */
export type RebuildState = 'asked' | 'building' | 'catching_up' | 'switched' | 'failed';

const rebuildRow = z.object({
  id: z.string(),
  askedAt: z.date(),
  askedBy: z.string(),
  state: z.enum(['asked', 'building', 'catching_up', 'switched', 'failed']),
  startedAt: z.date().nullable(),
  events: z.coerce.number(),
  eventsAbout: z.coerce.number().nullable(),
  skipped: z.coerce.number(),
  finishedAt: z.date().nullable(),
  error: z.string().nullable(),
});

/** A rebuild that was asked for, and how far it is. */
export type Rebuild = z.infer<typeof rebuildRow>;

const columns = (sql: postgres.Sql | postgres.TransactionSql): postgres.PendingQuery<postgres.Row[]> => sql`
  id, asked_at as "askedAt", asked_by as "askedBy", state, started_at as "startedAt", events, events_about as "eventsAbout", skipped,
  finished_at as "finishedAt", error`;

/** Asks for a rebuild of the read models. Undefined: one is under way already. */
export async function askForRebuild(
  sql: postgres.Sql | postgres.TransactionSql,
  request: { readonly id: string; readonly by: string },
): Promise<Rebuild | undefined> {
  const [row] = await sql`
    insert into read_models.rebuilds (id, asked_by) values (${request.id}, ${request.by})
    on conflict do nothing returning ${columns(sql)}`;
  return row && rebuildRow.parse(row);
}

/** The latest rebuilds, the newest first. */
export async function listRebuilds(sql: postgres.Sql, limit: number): Promise<Rebuild[]> {
  const rows =
    await sql`select ${columns(sql)} from read_models.rebuilds order by asked_at desc, id desc limit ${limit}`;
  return rows.map((row) => rebuildRow.parse(row));
}

/** The one that is to be done: asked for, or left by a process that died in it. */
export async function openRebuild(sql: postgres.Sql): Promise<Rebuild | undefined> {
  const [row] = await sql`
    select ${columns(sql)} from read_models.rebuilds where state in ('asked', 'building', 'catching_up')`;
  return row && rebuildRow.parse(row);
}

/** Notes how far it is. */
export async function noteRebuild(
  sql: postgres.Sql,
  id: string,
  state: 'building' | 'catching_up' | 'switched',
  done: Progress,
): Promise<void> {
  await sql`
    update read_models.rebuilds
    set state = ${state}, events = ${done.events}, skipped = ${done.skipped},
        started_at = coalesce(started_at, clock_timestamp()),
        events_about = coalesce(events_about, (
          select nullif(greatest(c.reltuples, 0), 0)::bigint from pg_class c where c.oid = 'event_store.events'::regclass)),
        finished_at = ${state === 'switched' ? sql`clock_timestamp()` : sql`null`}
    where id = ${id} and state in ('asked', 'building', 'catching_up')`;
}

/** Notes why it was given up. */
export async function noteFailedRebuild(sql: postgres.Sql, id: string, error: string): Promise<void> {
  await sql`
    update read_models.rebuilds set state = 'failed', error = ${error.slice(0, 500)}, finished_at = clock_timestamp()
    where id = ${id}`;
}
