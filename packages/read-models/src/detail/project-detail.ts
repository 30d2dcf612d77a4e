import { openQuestions } from '@darkroom/domain';
import { arrayOf, type EventStore } from '@darkroom/event-store';
import type postgres from 'postgres';
import { statusOf } from '../resource/status-of.js';
import type { GenerationDetail } from './detail.js';
import { storedArtifacts } from './stored-artifacts.js';
import { detailColumns, parseDetailRow } from './detail-row.js';
import { type ModelTables, tableOf } from '../model-tables.js';
import { foldDetail } from './fold-detail.js';
import { paidOrphans } from './paid-orphans.js';
import { spentMicros } from './spent.js';

/** Name of the rows' subscription to the log: its checkpoint tells up to where every row is written. */
export const detailSubscription = 'projections.detail_v1';

/** What the projection reads and writes. */
export interface DetailProjectionPorts {
  readonly sql: postgres.Sql | postgres.TransactionSql;
  readonly store: Pick<EventStore, 'readStream'>;
  /** Default: live. */
  readonly tables?: ModelTables;
}

interface Failed {
  readonly id: string;
  readonly error: unknown;
}

/** What became of each stream: the version that its row now reflects at least, or why it could not be folded. */
export interface DetailOutcome {
  readonly versions: ReadonlyMap<string, number>;
  readonly failed: readonly Failed[];
}

/**
 * Brings the rows of some streams up to their newest events: reads what each lacks, folds it and writes all of them in one
 * statement. Level-triggered: how often and in which order it is called changes nothing, rows move forward only.
 */
export async function projectDetail(
  ports: DetailProjectionPorts,
  ids: readonly string[],
): Promise<DetailOutcome> {
  const { sql, tables = 'live' } = ports;
  const known = await knownDetails(sql, tables, ids);
  const failed: Failed[] = [];
  const changed: GenerationDetail[] = [];
  const versions = new Map<string, number>();
  await Promise.all(
    ids.map(async (id) => {
      const before = known.get(id);
      try {
        const after = foldDetail(before, await ports.store.readStream(id, { after: before?.version ?? 0 }));
        if (after) versions.set(id, after.version);
        if (after && after !== before) changed.push(after);
      } catch (error) {
        failed.push({ id, error });
      }
    }),
  );
  if (changed.length > 0) await writeDetails(sql, tables, changed);
  return { versions, failed };
}

async function knownDetails(
  sql: postgres.Sql | postgres.TransactionSql,
  tables: ModelTables,
  ids: readonly string[],
): Promise<Map<string, GenerationDetail>> {
  const rows =
    await sql`select ${detailColumns(sql)} from ${sql(tableOf('detail_v1', tables))} d where d.id = any(${arrayOf([...ids])}::uuid[])`;
  return new Map(rows.map(parseDetailRow).map((detail) => [detail.id, detail]));
}

/** Versions that rows reflect, of those that are there. */
export async function rowVersions(
  sql: postgres.Sql | postgres.TransactionSql,
  ids: readonly string[],
): Promise<Map<string, number>> {
  const rows = await sql<{ id: string; version: number }[]>`
    select id, version from read_models.detail_v1 where id = any(${arrayOf([...ids])}::uuid[])`;
  return new Map(rows.map(({ id, version }) => [id, version]));
}

/** A detail as its table's columns. */
export function rowOf(detail: GenerationDetail) {
  return {
    id: detail.id,
    tenant: detail.tenant,
    version: detail.version,
    run: detail.state.run,
    created_at: new Date(detail.state.createdAt).toISOString(),
    status: statusOf(detail.state.phase),
    model: detail.state.requested.model,
    open_questions: openQuestions(detail.state).length,
    paid_orphans: paidOrphans(detail.state).length,
    spent_micros: String(spentMicros(detail.state)),
    state: { ...detail.state },
    prompt: detail.prompt,
    metadata: { ...detail.metadata },
    erased: detail.erased,
    traceparent: detail.traceparent,
    artifacts: storedArtifacts(detail.state).map(({ artifact }) => artifact.id),
  };
}

async function writeDetails(
  sql: postgres.Sql | postgres.TransactionSql,
  tables: ModelTables,
  details: readonly GenerationDetail[],
): Promise<void> {
  const rows = details.map(rowOf);
  // In the order of their keys: two writers of the same rows wait for each other instead of deadlocking.
  await sql`
    with details as materialized (
      select * from jsonb_to_recordset(${sql.json(rows as unknown as postgres.JSONValue)}) as r
        (id uuid, tenant text, version int, run int, created_at timestamptz, status text, model text, open_questions int,
         paid_orphans int, spent_micros bigint, state jsonb, prompt text, metadata jsonb, erased boolean, traceparent text, artifacts uuid[])
    ), images as (
      insert into ${sql(tableOf('artifact_v1', tables))} (id, generation)
      select artifact, id from details cross join lateral unnest(artifacts) as artifact order by artifact
      on conflict (id) do nothing
    )
    insert into ${sql(tableOf('detail_v1', tables))} as d (id, tenant, version, run, created_at, status, model, open_questions, paid_orphans,
      spent_micros, state, prompt, metadata, erased, traceparent)
    select id, tenant, version, run, created_at, status, model, open_questions, paid_orphans,
      spent_micros, state, prompt, metadata, erased, traceparent
    from details order by id
    on conflict (id) do update set version = excluded.version, run = excluded.run, status = excluded.status,
      model = excluded.model, open_questions = excluded.open_questions, paid_orphans = excluded.paid_orphans,
      spent_micros = excluded.spent_micros, state = excluded.state, prompt = excluded.prompt, erased = excluded.erased
    where d.version < excluded.version`;
}
