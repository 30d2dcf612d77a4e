import { randomUUID } from 'node:crypto';
import { generationEventTypes } from '@darkroom/contract';
import { mayAppend } from '@darkroom/domain';
import { busMigrations, busProbe, createBusMicroservice, openBus, startSweep } from '@darkroom/event-bus';
import {
  createPostgresEventStore,
  databaseRoles,
  eventStoreMigrations,
  openMigrated,
  subscriptionLag,
} from '@darkroom/event-store';
import {
  allReady,
  createLogger,
  databaseProbe,
  type Logger,
  NestLogger,
  type ProcessService,
  watchLag,
} from '@darkroom/platform';
import {
  DetailProjection,
  detailSubscription,
  feedSubscription,
  readModelMigrations,
} from '@darkroom/read-models';
import type { ProjectionsConfig } from './config.js';
import { startFeed } from './feed.js';
import { startRebuilds } from './rebuilds.js';
import { ProjectionsModule } from './projections.module.js';

export { type ProjectionsConfig, readProjectionsConfig } from './config.js';

export interface ProjectionsOptions {
  /** Default: one of the service's own. */
  readonly logger?: Logger;
}

/**
 * Keeps the read models up to date: the detail from the bus, the feed from the store's log in its order. The schemas of store,
 * bus and read models must be there.
 */
export async function startProjections(
  config: ProjectionsConfig,
  options: ProjectionsOptions = {},
): Promise<ProcessService> {
  const logger = options.logger ?? createLogger({ service: 'projections', level: config.logLevel });
  const sql = await openMigrated(
    config.databaseUrl,
    [eventStoreMigrations, busMigrations, readModelMigrations],
    { role: databaseRoles.worker, applicationName: 'projections' },
  );
  const store = createPostgresEventStore(sql, { mayAppend });
  const closeStores = async (): Promise<void> => {
    await store.stop();
    await sql.end({ timeout: 5 });
  };
  try {
    const bus = openBus(config.bus, { store, sql, group: detailSubscription, concurrency: 128, log: logger });
    const detail = new DetailProjection({ sql, store });
    const module = ProjectionsModule.with(detail);
    const app = await createBusMicroservice(module, bus, { logger: new NestLogger(logger) });
    await app.listen();
    const sweep = startSweep({
      store,
      group: detailSubscription,
      types: generationEventTypes,
      assure: (events) => detail.assure(events),
      log: logger,
      ...config.sweep,
    });
    const holder = `projections-${randomUUID()}`;
    const rebuilds = startRebuilds({ sql, store, holder, logger, switched: () => detail.forget() });
    const feed = startFeed({ sql, store, holder, logger });
    const unwatch = watchLag('consumer', () => subscriptionLag(sql, feedSubscription), {
      group: feedSubscription,
    });

    let stopped: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      unwatch();
      await Promise.all([app.close(), sweep.stop(), feed.stop(), rebuilds.stop()]);
      await closeStores();
    };
    const ready = allReady(
      databaseProbe(() => sql`select 1`),
      busProbe(bus),
    );
    return { name: 'projections', ready, stop: () => (stopped ??= stop()) };
  } catch (error) {
    await closeStores();
    throw error;
  }
}
