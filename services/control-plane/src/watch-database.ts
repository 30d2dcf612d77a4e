import type { Database } from '@darkroom/event-store';
import { watchGauge } from '@darkroom/platform';
import { countInNeed } from '@darkroom/read-models';

/**
 * For how many seconds the same transaction has been the oldest that writes, by what was seen of it since: when it began is told to nobody but its
 * own user. 0: none is open.
 */
export function oldestTransaction(sql: Database, now: () => number = Date.now): () => Promise<number> {
  let seen: { readonly id: string; readonly since: number } | undefined;
  return async () => {
    const [row] = await sql<{ oldest: string; next: string }[]>`
      select pg_snapshot_xmin(s)::text as oldest, pg_snapshot_xmax(s)::text as next from pg_current_snapshot() s`;
    if (row === undefined || row.oldest === row.next) seen = undefined;
    else if (seen?.id !== row.oldest) seen = { id: row.oldest, since: now() };
    return seen === undefined ? 0 : (now() - seen.since) / 1_000;
  };
}

/**
 * What is true of the whole installation, shown to whoever looks at the metrics of this service.
 * @returns its end
 */
export function watchDatabase(sql: Database): () => void {
  const oldest = oldestTransaction(sql);
  const ends = [
    watchGauge('unknownAttempts', async () => [{ value: await countInNeed(sql, 'open-question') }]),
    watchGauge('oldestTransaction', async () => [{ value: await oldest() }]),
  ];
  return () => {
    for (const end of ends) end();
  };
}
