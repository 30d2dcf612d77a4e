import type { Status } from '@darkroom/domain';
import type postgres from 'postgres';
import { z } from 'zod';

/** How many generations stand at each status, and how many there are. */
export type GenerationCounts = Readonly<Record<Status | 'total', number>>;

const countRow = z.object({ status: z.string(), n: z.coerce.number() });

/** A tenant's generations by status: reads as many rows as there are statuses, however many generations there are. */
export async function countGenerations(
  sql: postgres.Sql,
  query: { readonly tenant: string },
): Promise<GenerationCounts> {
  const found = await sql`select status, n from read_models.counts(${query.tenant})`;
  const rows = found.map((row) => countRow.parse(row));
  const at = (status: Status): number => rows.find((row) => row.status === status)?.n ?? 0;
  return {
    queued: at('queued'),
    processing: at('processing'),
    verifying: at('verifying'),
    succeeded: at('succeeded'),
    failed: at('failed'),
    canceled: at('canceled'),
    total: rows.reduce((sum, { n }) => sum + n, 0),
  };
}
