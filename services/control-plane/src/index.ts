import { mayAppend } from '@darkroom/domain';
import { busMigrations } from '@darkroom/event-bus';
import {
  createPostgresEventStore,
  databaseRoles,
  eventStoreMigrations,
  openMigrated,
} from '@darkroom/event-store';
import { createHttpApp, createLogger, type Logger, type RunningService, traceUrl } from '@darkroom/platform';
import { readModelMigrations } from '@darkroom/read-models';
import { addOperatorKey } from './auth/operator-keys.js';
import type { ControlPlaneConfig } from './config.js';
import { ControlPlaneModule } from './control-plane.module.js';
import { controlPlaneMigrations } from './migrations.js';
import { watchDatabase } from './watch-database.js';

export { accountIds, type ControlPlaneConfig, readControlPlaneConfig } from './config.js';
export { controlPlaneMigrations } from './migrations.js';

export interface ControlPlaneOptions {
  /** Default: one of the service's own. */
  readonly logger?: Logger;
}

export interface RunningControlPlane extends RunningService {
  readonly url: string;
  /** Readiness turns false; everything is served on until `stop`. */
  leave(): void;
}

/** Starts the operators' HTTP API. The schemas of store, bus, read models and control plane must be there. */
export async function startControlPlane(
  config: ControlPlaneConfig,
  options: ControlPlaneOptions = {},
): Promise<RunningControlPlane> {
  const logger = options.logger ?? createLogger({ service: 'control-plane', level: config.logLevel });
  const sql = await openMigrated(
    config.databaseUrl,
    [eventStoreMigrations, busMigrations, readModelMigrations, controlPlaneMigrations],
    { role: databaseRoles.worker, applicationName: 'control-plane' },
  );
  const store = createPostgresEventStore(sql, { mayAppend });
  const closeStores = async (): Promise<void> => {
    await store.stop();
    await sql.end({ timeout: 5 });
  };
  let stopping = false;
  try {
    if (config.operatorKey !== undefined) await addOperatorKey(sql, config.operatorKey);
    const module = ControlPlaneModule.with({
      sql,
      store,
      accounts: config.accounts,
      now: Date.now,
      traceUrl: (traceId) => traceUrl(config.traceUrl, traceId),
      stopping: () => stopping,
    });
    const http = await createHttpApp(module, {
      name: 'control-plane',
      host: config.host,
      port: config.port,
      logger,
    });
    const server = await http.start();

    const unwatch = watchDatabase(sql);
    let stopped: Promise<void> | undefined;
    const leave = (): void => {
      stopping = true;
    };
    const stop = async (): Promise<void> => {
      leave();
      unwatch();
      await server.stop();
      await closeStores();
    };
    return { name: 'control-plane', url: server.url, leave, stop: () => (stopped ??= stop()) };
  } catch (error) {
    await closeStores();
    throw error;
  }
}
