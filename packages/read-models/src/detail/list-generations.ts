import { statusOfPhase } from '@darkroom/domain';
import { arrayOf } from '@darkroom/event-store';
import type postgres from 'postgres';
import type { GenerationStatus } from '../resource/status-of.js';
import { statusOf } from '../resource/status-of.js';
import type { GenerationDetail } from './detail.js';
import { caughtUpOrAsItIs, type DetailPorts } from './get-generation.js';
import {
  type CursorBinding,
  type CursorSigner,
  type ListPosition,
  openCursor,
  sealCursor,
} from './list-cursor.js';

export interface ListPorts extends DetailPorts {
  /** Seals cursors; the same in all processes. */
  readonly signer: CursorSigner;
}

export interface ListQuery {
  readonly tenant: string;
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string;
  readonly status?: readonly GenerationStatus[];
  readonly model?: string;
  readonly createdAfter?: Date;
  readonly createdBefore?: Date;
}

/** `bad-cursor`: not sealed by us for this tenant and these filters. */
export type ListAnswer =
  | {
      readonly outcome: 'page';
      readonly generations: readonly GenerationDetail[];
      readonly next: string | null;
    }
  | { readonly outcome: 'bad-cursor' };

function bindingOf(query: ListQuery): CursorBinding {
  const { tenant, status, model, createdAfter, createdBefore } = query;
  const filters = [
    status ? [...status].sort() : null,
    model ?? null,
    createdAfter ?? null,
    createdBefore ?? null,
  ];
  return { tenant, query: JSON.stringify(filters) };
}

/**
 * A tenant's generations, newest first. One page is cut inside an index that holds what passes the filter in this order, and its
 * rows are fetched by key; a row behind its stream is caught up, so that a list is never older than what its reader saw before. A
 * generation that left the filter's status meanwhile is left out; one that entered it appears when its row does.
 */
export async function listGenerations(ports: ListPorts, query: ListQuery): Promise<ListAnswer> {
  const binding = bindingOf(query);
  const after = query.after === undefined ? null : openCursor(ports.signer, binding, query.after);
  if (after === undefined) return { outcome: 'bad-cursor' };
  const rows = await listPage(ports.sql, query, after);
  const shown = rows.slice(0, query.limit);
  const details = await Promise.all(
    shown.map((row) => caughtUpOrAsItIs(ports, String(row['id']), row, query.tenant)),
  );
  const wanted = query.status;
  const generations = details.filter(
    (detail): detail is GenerationDetail =>
      detail !== undefined && (wanted === undefined || wanted.includes(statusOf(detail.state.phase))),
  );
  const last = shown.at(-1);
  const next =
    rows.length > query.limit && last
      ? sealCursor(ports.signer, binding, { createdAt: new Date(last['listed_at']), id: String(last['id']) })
      : null;
  return { outcome: 'page', generations, next };
}

/** One page and one more row; the plan of the query inside is asserted in tests. */
export const listPage = (
  sql: postgres.Sql | postgres.TransactionSql,
  query: ListQuery,
  after: ListPosition | null,
): postgres.PendingQuery<postgres.Row[]> => {
  // A model's rows are in order within each status.
  const status = query.status ?? (query.model === undefined ? undefined : everyStatus);
  return sql`
  select * from read_models.list_page(
    ${query.tenant}, ${after?.createdAt ?? null}::timestamptz, ${after?.id ?? null}::uuid,
    ${query.createdAfter ?? null}::timestamptz, ${query.createdBefore ?? null}::timestamptz,
    ${status === undefined ? null : arrayOf(status)}::text[], ${query.model ?? null}::text, ${query.limit + 1}::integer)`;
};

const everyStatus = [...new Set(Object.values(statusOfPhase))];
