import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPostgresEventStore, openDatabase, origin, subscriptionLag } from '@darkroom/event-store';
import { startKafka } from '@darkroom/infra';
import { createLogger } from '@darkroom/platform';
import { startRelay } from '@darkroom/relay';
import { startCluster } from './harness/cluster.js';
import { profiled } from './harness/cpu-profile.js';
import { eventsEach, generateLog } from './harness/generate.js';
import { inTurns } from './harness/rounds.js';
import type { Report } from './harness/report.js';
import { until } from './harness/until.js';

const generations = Number(process.env['BENCH_GENERATIONS'] ?? 10_000);
const logger = createLogger({ service: 'bench', level: 'silent' });

/** A backlog published to a real broker, from the first event to the checkpoint behind the last, against reading it alone. */
export async function run(): Promise<Report> {
  const cluster = await startCluster([]);
  const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-bench-kafka-'));
  const broker = await startKafka({ dataDir });
  const admin = openDatabase(cluster.superuserUrl, { max: 1, statementTimeoutMs: 0 });
  const sql = openDatabase(cluster.postgres.url, { max: 2 });
  const store = createPostgresEventStore(sql);
  const events = generations * eventsEach;
  try {
    await generateLog(admin, { generations, tenants: 50 });
    await admin`CHECKPOINT`;
    const publish = async (): Promise<number> => {
      await admin`DELETE FROM event_store.checkpoints`;
      const start = performance.now();
      const relay = await startRelay(
        {
          databaseUrl: cluster.postgres.url,
          kafka: { brokers: [broker.brokers] },
          replicationFactor: 1,
          logLevel: 'silent',
        },
        { logger },
      );
      await until(
        'all published',
        300,
        async () => (await subscriptionLag(sql, 'relay')).events === 0 || undefined,
      );
      const seconds = (performance.now() - start) / 1_000;
      await relay.stop();
      return events / seconds;
    };
    const read = async (): Promise<number> => {
      const start = performance.now();
      let after = origin;
      for (;;) {
        const page = await store.readAll({ after, limit: 500 });
        if (page.cursor === after) break;
        after = page.cursor;
      }
      return events / ((performance.now() - start) / 1_000);
    };
    const standings = await inTurns(
      [
        { name: 'published and acknowledged', run: publish },
        { name: 'reading alone', run: read },
      ],
      5,
    );
    const { top } = await profiled(publish);
    return {
      name: 'relay',
      what: `${events.toLocaleString('en')} events to one broker, all replicas acknowledging, one send in flight`,
      table: standings.map(({ name, median: rate }) => ({ contestant: name, 'events/s': rate })),
      goals: [],
      profile: top,
      raw: standings,
    };
  } finally {
    await store.stop();
    await Promise.all([sql.end(), admin.end()]);
    await broker.stop();
    await cluster.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}
