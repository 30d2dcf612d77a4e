import type { Database } from '@darkroom/event-store';
import { watchGauge } from '@darkroom/platform';
import { countInNeed } from '@darkroom/read-models';

/**
 * What is true of the whole installation, shown to whoever looks at the metrics of this service.
 * @returns its end
 */
export function watchDatabase(sql: Database): () => void {
  const ends = [
    watchGauge('unknownAttempts', async () => [{ value: await countInNeed(sql, 'open-question') }]),
    watchGauge('oldestTransaction', async () => {
      const [row] = await sql<{ seconds: number }[]>`
        select coalesce(extract(epoch from max(clock_timestamp() - xact_start)), 0)::float8 as seconds
        from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;
      return [{ value: Math.max(0, row?.seconds ?? 0) }];
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}
