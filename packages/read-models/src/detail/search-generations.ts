import type { Phase } from '@darkroom/domain';
import type postgres from 'postgres';
import type { GenerationStatus } from '../resource/status-of.js';
import type { GenerationDetail } from './detail.js';
import { detailColumns } from './detail-row.js';
import { caughtUpOrAsItIs, type DetailPorts } from './get-generation.js';

/** What operators search by, over all tenants. */
export interface GenerationSearch {
  readonly limit: number;
  /** UUID of the last one of the page before. */
  readonly after?: string | undefined;
  readonly tenant?: string | undefined;
  readonly status?: GenerationStatus | undefined;
  readonly phase?: Phase | undefined;
  readonly model?: string | undefined;
  /** As clients see it: `provider_failed`. */
  readonly errorCode?: string | undefined;
  readonly account?: string | undefined;
  readonly vendorJobId?: string | undefined;
  readonly traceId?: string | undefined;
  /** Text within the client's metadata. */
  readonly text?: string | undefined;
  readonly createdAfter?: Date | undefined;
  readonly createdBefore?: Date | undefined;
}

const likeText = (text: string): string => `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;

/** Generations of all tenants, the newest first (ids are ordered by time). */
export async function searchGenerations(
  ports: DetailPorts,
  search: GenerationSearch,
): Promise<GenerationDetail[]> {
  const { sql } = ports;
  const holds = (part: postgres.JSONValue) => sql`d.state @> ${sql.json(part)}`;
  const rows = await sql`
    select s.version as head, ${detailColumns(sql)}
    from read_models.detail_v1 d join event_store.streams s on s.id = d.id
    where true
      ${search.after === undefined ? sql`` : sql`and d.id < ${search.after}::uuid`}
      ${search.tenant === undefined ? sql`` : sql`and d.tenant = ${search.tenant}`}
      ${search.status === undefined ? sql`` : sql`and d.status = ${search.status}`}
      ${search.phase === undefined ? sql`` : sql`and ${holds({ phase: search.phase })}`}
      ${search.model === undefined ? sql`` : sql`and d.model = ${search.model}`}
      ${search.errorCode === undefined ? sql`` : sql`and ${holds({ error: { code: `ERROR_CODE_${search.errorCode.toUpperCase()}` } })}`}
      ${search.account === undefined ? sql`` : sql`and ${holds({ attempts: [{ account: search.account }] })}`}
      ${
        search.vendorJobId === undefined
          ? sql``
          : sql`and (${holds({ attempts: [{ vendorJobId: search.vendorJobId }] })}
                  or ${holds({ orphans: [{ vendorJobId: search.vendorJobId }] })})`
      }
      ${search.traceId === undefined ? sql`` : sql`and d.traceparent like ${`00-${search.traceId}-%`}`}
      ${search.text === undefined ? sql`` : sql`and d.metadata::text ilike ${likeText(search.text)}`}
      ${search.createdAfter === undefined ? sql`` : sql`and d.created_at > ${search.createdAfter}`}
      ${search.createdBefore === undefined ? sql`` : sql`and d.created_at < ${search.createdBefore}`}
    order by d.id desc limit ${search.limit}`;
  const details = await Promise.all(
    rows.map((row) => caughtUpOrAsItIs(ports, String(row['id']), row, undefined)),
  );
  return details.filter((detail) => detail !== undefined);
}

/**
 * Whether another generation has this job of this account, as far as the model has followed the log. For people's
 * decisions, where a late answer is mended by the gateway; reads the whole model.
 */
export async function isJobOfAnother(
  sql: postgres.Sql,
  job: { readonly account: string; readonly vendorJobId: string; readonly generation: string },
): Promise<boolean> {
  const { account, vendorJobId, generation } = job;
  const named = [{ account, vendorJobId }];
  const [row] = await sql<{ found: boolean }[]>`
    select exists (
      select from read_models.detail_v1 d
      where d.id <> ${generation} and (d.state @> ${sql.json({ attempts: named })} or d.state @> ${sql.json({ orphans: named })})
    ) as found`;
  return row?.found === true;
}

/** What of a generation may need a person. */
export type Attention = 'open-question' | 'paid-orphan';

/** How many there are. */
export async function countInNeed(sql: postgres.Sql, of: Attention): Promise<number> {
  const [row] = await sql<{ n: number }[]>`
    select count(*)::int as n from read_models.detail_v1 d
    where ${of === 'open-question' ? sql`d.open_questions > 0` : sql`d.paid_orphans > 0`}`;
  return row?.n ?? 0;
}

/** Generations with an open question or a paid orphan, the oldest first: each kind is a partial index. */
export async function generationsInNeed(
  ports: DetailPorts,
  need: { readonly of: Attention; readonly limit: number; readonly after?: string | undefined },
): Promise<GenerationDetail[]> {
  const { sql } = ports;
  const rows = await sql`
    select s.version as head, ${detailColumns(sql)}
    from read_models.detail_v1 d join event_store.streams s on s.id = d.id
    where ${need.of === 'open-question' ? sql`d.open_questions > 0` : sql`d.paid_orphans > 0`}
      ${need.after === undefined ? sql`` : sql`and d.id > ${need.after}::uuid`}
    order by d.id limit ${need.limit}`;
  const details = await Promise.all(
    rows.map((row) => caughtUpOrAsItIs(ports, String(row['id']), row, undefined)),
  );
  return details.filter((detail) => detail !== undefined);
}
