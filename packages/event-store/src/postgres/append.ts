import type postgres from 'postgres';
import type { Database } from '../database.js';
import type { AppendOutcome } from '../event-store.js';
import type { StorableAppend } from '../storable.js';

interface Judgement {
  readonly i: number;
  readonly outcome: 'proceed' | 'appended' | 'already-appended' | 'id-reused' | 'conflict';
  readonly version: number;
}

const batchJson = (members: readonly string[]): string =>
  `[${members.map((json, i) => `{"i":${i},${json}}`).join(',')}]`;

/** One round trip, one transaction, one answer each. Two appends to one stream may be in the batch. */
export async function appendBatch(sql: Database, batch: readonly StorableAppend[]): Promise<AppendOutcome[]> {
  const rows = await sql<Judgement[]>`
    SELECT i, outcome, version FROM event_store.append(${batchJson(batch.map(({ json }) => json))}::text::jsonb)`;
  return inOrder(batch.length, rows);
}

/**
 * Appends that move a row each. In one transaction: locks first, then the verdicts, then the rows of those that may
 * proceed, then the events of those whose row moved. A row write that touches nothing has written nothing, so that a fenced
 * member needs no rollback and does not disturb the others. One append a stream.
 */
export async function appendBatchWithRows(
  sql: Database,
  batch: readonly StorableAppend[],
): Promise<AppendOutcome[]> {
  // In the order of the streams: other writers of such rows lock them in that order too.
  const sorted = batch
    .map((request, index) => ({ request, index }))
    .sort((a, b) => (a.request.stream < b.request.stream ? -1 : 1));
  const outcomes: AppendOutcome[] = [];
  await sql.begin(async (tx) => {
    const verdicts = await tx<Judgement[]>`
      SELECT i, outcome, version FROM event_store.lock_and_judge(${batchJson(sorted.map(({ request }) => request.json))}::text::jsonb)`;
    const proceeding: { request: StorableAppend; index: number; version: number }[] = [];
    for (const verdict of verdicts) {
      const member = sorted[verdict.i];
      if (member === undefined) continue;
      if (verdict.outcome === 'proceed') proceeding.push({ ...member, version: verdict.version });
      else outcomes[member.index] = asOutcome(verdict);
    }
    const touched = await Promise.all(proceeding.map(({ request }) => touches(request, tx)));
    const writing = proceeding.filter((member, n) => {
      if (touched[n] === true) return true;
      outcomes[member.index] = { outcome: 'fenced' };
      return false;
    });
    if (writing.length === 0) return;
    const judged = writing.map(({ request, version }) => `${request.json},"version":${version}`);
    const rows = await tx<{ i: number; version: number }[]>`
      SELECT i, version FROM event_store.write_judged(${batchJson(judged)}::text::jsonb)`;
    for (const { i, version } of rows) {
      const member = writing[i];
      if (member !== undefined) outcomes[member.index] = { outcome: 'appended', version };
    }
  });
  return outcomes;
}

async function touches(request: StorableAppend, tx: postgres.TransactionSql): Promise<boolean> {
  if (request.with === undefined) return true;
  const result = await request.with.postgres(tx);
  return result.count > 0;
}

function inOrder(length: number, rows: readonly Judgement[]): AppendOutcome[] {
  const outcomes: AppendOutcome[] = Array.from({ length });
  for (const row of rows) outcomes[row.i] = asOutcome(row);
  return outcomes;
}

function asOutcome({ outcome, version }: Judgement): AppendOutcome {
  if (outcome === 'conflict') return { outcome, actual: version };
  if (outcome === 'id-reused') return { outcome };
  if (outcome === 'proceed') throw new TypeError('a verdict is no outcome');
  return { outcome, version };
}
