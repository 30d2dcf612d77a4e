import { join } from 'node:path';
import { mayAppend } from '@darkroom/domain';
import { busMigrations, busProbe, createBusMicroservice, openBus, startSweep } from '@darkroom/event-bus';
import {
  createPostgresEventStore,
  databaseRoles,
  eventStoreMigrations,
  openMigrated,
} from '@darkroom/event-store';
import {
  allReady,
  createEgress,
  createLogger,
  databaseProbe,
  type Logger,
  NestLogger,
  openObjectStore,
  type ObjectStore,
  type ProcessService,
  watchGauge,
} from '@darkroom/platform';
import { startJobWorker, workTable } from '@darkroom/work-table';
import sharp from 'sharp';
import { ArtifactModule } from './artifact.module.js';
import type { ArtifactConfig } from './config.js';
import { sweepIncoming } from './download/incoming-file.js';
import { wakeOf, Waker, wakingTypes } from './handlers/wake.handlers.js';
import { artifactMigrations, artifactSchema } from './migrations.js';
import { downloadAllowances } from './policy/allowances.js';
import { type JobPorts, runJob } from './use-cases/run-job.js';
import type { CrashProbe } from './use-cases/store-one.js';
import { gateFor } from './verify/decode-gate.js';

export interface ArtifactOptions {
  /** Default: what the settings name. */
  readonly objects?: ObjectStore;
  /** Default: one of the service's own. */
  readonly logger?: Logger;
  /** Called at crash lines, for tests. */
  readonly at?: CrashProbe;
  readonly now?: () => number;
}

/** Decoded at once: each takes up to a quarter of a gigabyte and a core. */
const decodersAtOnce = 2;

/** Downloads, verifies and stores what vendors made, and alone ends storing. Needs its migrations and the event store's. */
export async function startArtifact(
  config: ArtifactConfig,
  options: ArtifactOptions = {},
): Promise<ProcessService> {
  const logger = options.logger ?? createLogger({ service: 'artifact', level: config.logLevel });
  // One thread a picture; files are read once and have names of their own, so that a cache only holds memory.
  sharp.concurrency(1);
  sharp.cache(false);
  const folder = join(config.dataDir, 'incoming');
  await sweepIncoming(folder);
  const objects = options.objects ?? (await openObjectStore(config.objects, logger));

  const sql = await openMigrated(
    config.databaseUrl,
    [eventStoreMigrations, busMigrations, artifactMigrations],
    { role: databaseRoles.worker, applicationName: 'artifact' },
  );
  const store = createPostgresEventStore(sql, { mayAppend });
  const work = workTable(sql, { schema: artifactSchema });
  const egress = createEgress({ allow: downloadAllowances(config.allowedHosts) });
  const { limits, retryAfterMs } = config;
  const ports: JobPorts = {
    store,
    work,
    objects,
    fetching: { egress, objects, folder, decoding: gateFor(decodersAtOnce), limits },
    now: options.now ?? Date.now,
    at: options.at ?? (() => undefined),
    logger,
    retryAfterMs,
  };
  const worker = startJobWorker({
    work,
    name: 'artifact',
    concurrency: config.concurrency,
    leaseSeconds: config.leaseSeconds,
    pollMs: config.pollMs,
    run: async ({ claim, signal }) => runJob(ports, claim, signal),
    log: logger,
  });

  const bus = openBus(config.bus, { store, sql, group: 'artifact', log: logger });
  const module = ArtifactModule.with(new Waker(work, () => worker.poke()));
  const app = await createBusMicroservice(module, bus, { logger: new NestLogger(logger) });
  await app.listen();
  const sweep = startSweep({
    store,
    group: 'artifact',
    types: wakingTypes,
    assure: async (events) => {
      const missing = await work.assure(events.map(wakeOf));
      if (missing > 0) worker.poke();
      return missing;
    },
    log: logger,
  });

  const unwatch = watchGauge('stalled', async () => [
    { value: await work.overdue(60), labels: { service: 'artifact' } },
  ]);
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    unwatch();
    await Promise.all([app.close(), sweep.stop()]);
    await worker.stop();
    await work.stop();
    await Promise.all([egress.stop(), store.stop()]);
    objects.stop?.();
    await sql.end({ timeout: 5 });
  };
  const ready = allReady(
    databaseProbe(() => sql`select 1`),
    busProbe(bus),
  );
  return { name: 'artifact', ready, stop: () => (stopped ??= stop()) };
}
