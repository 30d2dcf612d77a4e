import type { Database } from '../database.js';
import type { CreateOutcome, KeyedStream } from '../event-store.js';
import type { StorableCreate } from '../storable.js';

/** One round trip, one transaction, one answer each; the same key may be in the batch twice. */
export async function createBatch(sql: Database, batch: readonly StorableCreate[]): Promise<CreateOutcome[]> {
  const json = `[${batch.map((create, i) => `{"i":${i},${create.json}}`).join(',')}]`;
  const rows = await sql<
    { i: number; outcome: CreateOutcome['outcome']; stream: string; created_at: Date }[]
  >`
    SELECT i, outcome, stream, created_at FROM event_store.create_streams(${json}::text::jsonb)`;
  const outcomes: CreateOutcome[] = Array.from({ length: batch.length });
  for (const { i, outcome, stream, created_at: createdAt } of rows) {
    outcomes[i] = outcome === 'mismatch' ? { outcome, stream } : { outcome, stream, createdAt };
  }
  return outcomes;
}

/** What a key was used for. */
export async function findByKey(
  sql: Database,
  tenant: string,
  idempotencyKey: string,
): Promise<KeyedStream | undefined> {
  const [row] = await sql<{ stream: string; fingerprint: string; created_at: Date }[]>`
    SELECT stream, fingerprint, created_at FROM event_store.find_by_key(${tenant}, ${idempotencyKey})`;
  return row && { stream: row.stream, fingerprint: row.fingerprint, createdAt: row.created_at };
}
