import { defaultRetryPolicy, mayAppend } from '@darkroom/domain';
import { busMigrations, busProbe, createBusMicroservice, openBus, startSweep } from '@darkroom/event-bus';
import {
  createPostgresEventStore,
  databaseRoles,
  eventStoreMigrations,
  openMigrated,
} from '@darkroom/event-store';
import {
  type Allowance,
  allReady,
  createEgress,
  createLogger,
  createSigner,
  databaseProbe,
  type EgressPurpose,
  type Logger,
  NestLogger,
  newUuid,
  openObjectStore,
  type ProcessService,
} from '@darkroom/platform';
import { startJobWorker, workTable } from '@darkroom/work-table';
import { modelDirectory, type ProviderAccount } from './accounts.js';
import { accountGate } from './adapters/account-gate.js';
import { objectStoreStaging } from './adapters/staging.js';
import { vendorCalls } from './adapters/vendor-calls.js';
import { vendorJobs } from './adapters/vendor-jobs.js';
import type { ProviderGatewayConfig } from './config.js';
import type { CrashProbe, GatewayPorts } from './gateway-ports.js';
import { wakeOf, wakingTypes } from './handlers/wake.handlers.js';
import { streaks } from './policy/streaks.js';
import { providerGatewayMigrations } from './migrations.js';
import { ProviderGatewayModule } from './provider-gateway.module.js';
import { watchAccounts } from './watch-accounts.js';
import { advance } from './use-cases/advance.js';

export type { ProviderAccount } from './accounts.js';
export { type ProviderGatewayConfig, readProviderGatewayConfig, simulatorAccount } from './config.js';
export type { CrashProbe } from './gateway-ports.js';
export { providerGatewayMigrations } from './migrations.js';

export interface ProviderGatewayOptions {
  /** Default: one of the service's own. */
  readonly logger?: Logger;
  /** For tests that stop the process at a line of the submit. */
  readonly at?: CrashProbe;
}

const group = 'provider-gateway';
const mostStreaks = 10_000;
const purposes: readonly EgressPurpose[] = ['submit', 'poll', 'lookup', 'cancel'];

/** A configured private base URL may be reached for the account's own calls, and for nothing else. */
function allowances(accounts: readonly ProviderAccount[]): Allowance[] {
  return accounts
    .filter((account) => account.privateAddress)
    .flatMap((account) => {
      const url = new URL(account.baseUrl);
      const scheme = url.protocol === 'https:' ? 'https' : 'http';
      const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
      return purposes.map((purpose) => ({ purpose, account: account.id, scheme, host: url.hostname, port }));
    });
}

/**
 * Submits, watches, settles. The schemas of store, bus and gateway must be there. Stopping waits for submits that are on
 * their way: each one cut off would be an unknown outcome.
 */
export async function startProviderGateway(
  config: ProviderGatewayConfig,
  options: ProviderGatewayOptions = {},
): Promise<ProcessService> {
  const logger = options.logger ?? createLogger({ service: group, level: config.logLevel });
  const objects = await openObjectStore(config.objects, logger);
  const sql = await openMigrated(
    config.databaseUrl,
    [eventStoreMigrations, busMigrations, ...providerGatewayMigrations],
    { role: databaseRoles.worker, applicationName: group },
  );
  const store = createPostgresEventStore(sql, { mayAppend });
  const jobs = workTable(sql, { schema: 'gateway' });
  const egress = createEgress({ allow: allowances(config.accounts) });
  const accessTo = modelDirectory(config.accounts);
  const gate = accountGate(sql);
  const accounts = config.accounts.map(({ id, slots }) => ({ id, slots: slots ?? 50 }));
  const ports: GatewayPorts = {
    store,
    jobs,
    gate,
    vendorJobs: vendorJobs(sql),
    staging: objectStoreStaging(objects),
    calls: vendorCalls(egress),
    accessTo,
    signer: createSigner(config.signingSecrets),
    publicUrl: config.publicUrl,
    policy: { ...defaultRetryPolicy, ...config.retry },
    unreachable: streaks(mostStreaks),
    missing: streaks(mostStreaks),
    logger,
    at: options.at ?? (async () => undefined),
    now: Date.now,
    random: Math.random,
    newId: newUuid,
  };
  const closeAll = async (): Promise<void> => {
    await egress.stop();
    await jobs.stop();
    objects.stop?.();
    await store.stop();
    await sql.end({ timeout: 5 });
  };
  try {
    const worker = startJobWorker({
      work: jobs,
      name: group,
      concurrency: config.concurrency ?? 64,
      leaseSeconds: config.leaseSeconds ?? 10,
      pollMs: 250,
      accounts: async () => {
        const closed = await gate.closed();
        return accounts.filter(({ id }) => !closed.has(id));
      },
      run: (job) => advance(ports, job),
      log: logger,
    });
    const bus = openBus(config.bus, { store, sql, group, concurrency: 64, log: logger });
    const module = ProviderGatewayModule.with({ jobs, poke: () => worker.poke() });
    const app = await createBusMicroservice(module, bus, { logger: new NestLogger(logger) });
    await app.listen();
    const sweep = startSweep({
      store,
      group,
      types: wakingTypes,
      assure: async (events) => {
        const missing = await jobs.assure(events.map(wakeOf));
        if (missing > 0) worker.poke();
        return missing;
      },
      log: logger,
      ...config.sweep,
    });
    const unwatch = watchAccounts({ accounts, jobs, gate });
    let stopped: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      unwatch();
      await Promise.all([app.close(), sweep.stop()]);
      await worker.stop();
      await closeAll();
    };
    const ready = allReady(
      databaseProbe(() => sql`select 1`),
      busProbe(bus),
    );
    return { name: group, ready, stop: async () => (stopped ??= stop()) };
  } catch (error) {
    await closeAll();
    throw error;
  }
}
