import { randomUUID } from 'node:crypto';
import { mayAppend } from '@darkroom/domain';
import { createBusMicroservice, PostgresLogTransport } from '@darkroom/event-bus';
import { createPostgresEventStore, type EventStore, openDatabase } from '@darkroom/event-store';
import { createLogger, NestLogger, type RunningService } from '@darkroom/platform';
import { DetailProjection, detailSubscription } from '@darkroom/read-models';
import type { ProjectionsConfig } from './config.js';
import { startFeed } from './feed.js';
import { ProjectionsModule } from './projections.module.js';

export { type ProjectionsConfig, readProjectionsConfig } from './config.js';

/** Keeps the read models up to date: the detail from the bus, the feed from the store's log in its order. */
export async function startProjections(config: ProjectionsConfig): Promise<RunningService> {
  const logger = createLogger({ service: 'projections', level: config.logLevel });
  const sql = openDatabase(config.databaseUrl, { applicationName: 'projections' });
  const store: EventStore = createPostgresEventStore(sql, { mayAppend });
  const transport = new PostgresLogTransport({
    store,
    sql,
    group: detailSubscription,
    concurrency: 128,
    log: logger,
  });
  const module = ProjectionsModule.with(new DetailProjection({ sql, store }));
  const app = await createBusMicroservice(module, transport, { logger: new NestLogger(logger) });
  await app.listen();
  const feed = startFeed({ sql, store, holder: `projections-${randomUUID()}`, logger });

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await Promise.all([app.close(), feed.stop()]);
    await store.stop();
    await sql.end({ timeout: 5 });
  };
  return { name: 'projections', stop: () => (stopped ??= stop()) };
}
