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
    // Each that writes holds its own id. (The bounds of a snapshot do not tell one that is the newest from none.)
    const [row] = await sql<{ id: string }[]>`
      select transactionid::text as id from pg_locks
      where locktype = 'transactionid' and mode = 'ExclusiveLock' and granted
      order by age(transactionid) desc limit 1`;
    if (row === undefined) seen = undefined;
    else if (seen?.id !== row.id) seen = { id: row.id, since: now() };
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
