import type { EventStore } from '@darkroom/event-store';
import type postgres from 'postgres';
import type { GenerationDetail } from './detail.js';
import { parseDetailRow } from './detail-row.js';
import { foldDetail, isUnfoldable } from './fold-detail.js';

/** What queries of the model need: the rows, and the store for what a row lacks. */
export interface DetailPorts {
  readonly sql: postgres.Sql;
  readonly store: Pick<EventStore, 'readStream'>;
}

/**
 * One generation as of now. The row and the stream's version come from one statement; what the row lacks is folded from the
 * stream, so that a client reads its own write and never sees an older (run, version) than before.
 * Undefined: no such generation, or (with `tenant`) not this tenant's; the two take the same time.
 */
export async function getGeneration(
  ports: DetailPorts,
  query: { readonly id: string; readonly tenant?: string },
): Promise<GenerationDetail | undefined> {
  const [row] =
    await ports.sql`select * from read_models.generation(${query.tenant ?? null}, ${query.id}::uuid)`;
  return row === undefined ? undefined : caughtUp(ports, query.id, row, query.tenant);
}

/** The row's generation, brought up to the stream's version that was read with it; with a tenant, reading no other's events. */
export async function caughtUp(
  ports: DetailPorts,
  id: string,
  row: postgres.Row,
  tenant: string | undefined,
): Promise<GenerationDetail | undefined> {
  const detail = row['id'] === null ? undefined : parseDetailRow(row);
  if (detail && detail.version >= Number(row['head'])) return detail;
  return foldDetail(detail, await ports.store.readStream(id, { after: detail?.version ?? 0, tenant }));
}

/**
 * The same for one of a list: where the stream holds what cannot be read or folded, its row as it is. One such generation must not
 * hide the others; whoever asks for it by name is told.
 */
export async function caughtUpOrAsItIs(
  ports: DetailPorts,
  id: string,
  row: postgres.Row,
  tenant: string | undefined,
): Promise<GenerationDetail | undefined> {
  try {
    return await caughtUp(ports, id, row, tenant);
  } catch (error) {
    if (!isUnfoldable(error)) throw error;
    return row['id'] === null ? undefined : parseDetailRow(row);
  }
}
