import type { GenerationState } from '@darkroom/domain';
import type postgres from 'postgres';
import { z } from 'zod';
import type { GenerationDetail } from './detail.js';

// `state` was written by us from a fold; its shape is bound to the table's version, so that it is not taken apart again.
const state = z.custom<GenerationState>((value) => typeof value === 'object' && value !== null);

const detailRow = z.object({
  id: z.string(),
  tenant: z.string(),
  version: z.number(),
  state,
  prompt: z.string().nullable(),
  metadata: z.record(z.string(), z.string()),
  erased: z.boolean(),
  traceparent: z.string().nullable(),
});

/** Reads a row that was selected with `detailColumns`. */
export function parseDetailRow(row: unknown): GenerationDetail {
  return detailRow.parse(row);
}

/** What every query of the model selects, of a table named `d`. */
export const detailColumns = (
  sql: postgres.Sql | postgres.TransactionSql,
): postgres.PendingQuery<postgres.Row[]> => sql`
  d.id, d.tenant, d.version, d.state, d.prompt, d.metadata, d.erased, d.traceparent`;
