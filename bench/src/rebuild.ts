import { createPostgresEventStore, openDatabase } from '@darkroom/event-store';
import { rebuild, readModelMigrations } from '@darkroom/read-models';
import { startCluster } from './harness/cluster.js';
import { profiled } from './harness/cpu-profile.js';
import { eventsEach, generateLog } from './harness/generate.js';
import { inTurns } from './harness/rounds.js';
import type { Report } from './harness/report.js';

const generations = Number(process.env['BENCH_GENERATIONS'] ?? 30_000);

/** The read models built anew from the log: detail, images, counts and the feed, switch included. */
export async function run(): Promise<Report> {
  const cluster = await startCluster([readModelMigrations]);
  const admin = openDatabase(cluster.superuserUrl, { max: 1, statementTimeoutMs: 0 });
  const sql = openDatabase(cluster.postgres.url, { max: 8 });
  const store = createPostgresEventStore(sql);
  const events = generations * eventsEach;
  try {
    await generateLog(admin, { generations, tenants: 50 });
    const head = await store.head();
    // Where the live feed stands: at the end of the log.
    const lease = await store.checkpoints.acquire('read_models.feed_v1', 'bench', 5, head);
    await store.checkpoints.release('read_models.feed_v1', lease?.fencing ?? 0n);
    await admin`CHECKPOINT`;
    const once = async (): Promise<number> => {
      const start = performance.now();
      await rebuild({
        sql,
        store,
        progress: async () => undefined,
        signal: new AbortController().signal,
        holds: async () => true,
      });
      return events / ((performance.now() - start) / 1000);
    };
    const read = async (): Promise<number> => {
      const start = performance.now();
      let after: string | null = null;
      do ({ next: after } = await store.readByStream({ after, limit: 5_000 }));
      while (after !== null);
      return events / ((performance.now() - start) / 1000);
    };
    const standings = await inTurns(
      [
        { name: 'rebuild', run: once },
        { name: 'reading alone', run: read },
      ],
      5,
    );
    const [{ n } = { n: 0 }] = await admin<
      { n: number }[]
    >`select count(*)::int as n from read_models.detail_v1`;
    if (n !== generations) throw new Error(`${n} rows were built, not ${generations}`);
    const { top } = await profiled(once);
    const rate = standings.find(({ name }) => name === 'rebuild')?.median ?? 0;
    return {
      name: 'rebuild',
      what: `the read models from ${events.toLocaleString('en')} events of ${generations.toLocaleString('en')} generations`,
      table: standings.map(({ name, median: eventsPerSecond }) => ({
        contestant: name,
        'events/s': eventsPerSecond,
      })),
      goals: [{ what: 'events/s', goal: '>= 50,000', value: rate, met: rate >= 50_000 }],
      profile: top,
      raw: standings,
    };
  } finally {
    await store.stop();
    await Promise.all([sql.end(), admin.end()]);
    await cluster.stop();
  }
}
