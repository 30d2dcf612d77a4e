import { arrayOf } from '@darkroom/event-store';
import type postgres from 'postgres';
import { z } from 'zod';

const row = z.object({ spent: z.string().transform(BigInt), seen: z.array(z.string()) });

/**
 * What a tenant's generations that were asked for since then cost, or may cost, in millionths of a US dollar, and which of the named ones
 * are among them: both at one moment.
 */
export async function spentSince(
  sql: postgres.Sql,
  tenant: string,
  since: Date,
  named: readonly string[],
): Promise<{ readonly micros: bigint; readonly seen: readonly string[] }> {
  const [found] = await sql`
    select spent::text, to_jsonb(seen) as seen
    from read_models.spent_since(${tenant}, ${since.toISOString()}::timestamptz, ${arrayOf([...named])}::uuid[])`;
  const { spent, seen } = row.parse(found);
  return { micros: spent, seen };
}
