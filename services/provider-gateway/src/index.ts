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
  allowanceOf,
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
import { type AccountsInForce, followAccounts } from './accounts-in-force.js';
import { accountGate, defaultProbePace } from './adapters/account-gate.js';
import { durationHistory } from './adapters/duration-history.js';
import { objectStoreStaging } from './adapters/staging.js';
import { vendorCalls } from './adapters/vendor-calls.js';
import { vendorJobs } from './adapters/vendor-jobs.js';
import type { ProviderGatewayConfig } from './config.js';
import type { CrashProbe, GatewayPorts } from './gateway-ports.js';
import { type QueueOf, wakeOf, wakingTypes } from './handlers/wake.handlers.js';
import { refusedLooks } from './policy/refused-looks.js';
import { streaks } from './policy/streaks.js';
import { providerGatewayMigrations } from './migrations.js';
import { ProviderGatewayModule } from './provider-gateway.module.js';
import { watchAccounts } from './watch-accounts.js';
import { advance } from './use-cases/advance.js';

export type { ProviderAccount } from './accounts.js';
export {
  configuredAccounts,
  type ProviderGatewayConfig,
  readProviderGatewayConfig,
  simulatorAccount,
} from './config.js';
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

/** Configured private addresses may be reached for the account's own calls, and for nothing else. */
function allowances(accounts: readonly ProviderAccount[]): Allowance[] {
  return accounts.flatMap(({ id, baseUrl, privateAddress, otherBaseUrls = {}, privateOrigins = [] }) => {
    const others = Object.values(otherBaseUrls).filter((url) => privateOrigins.includes(new URL(url).origin));
    return [...(privateAddress ? [baseUrl] : []), ...others].flatMap((address) =>
      purposes.map((purpose) => allowanceOf(purpose, id, address)),
    );
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
  /** The first of a route that takes submits, else the first. */
  const queueOf: QueueOf = (route) => {
    const ids = route.flatMap((model) => accessTo(model)?.account.id ?? []);
    const account = accounts?.along(ids) ?? ids[0];
    return account === undefined ? undefined : { account, elsewhere: new Set(ids).size > 1 };
  };
  const policy = { ...defaultRetryPolicy, ...config.retry };
  const gate = accountGate(sql, {
    ...defaultProbePace,
    ...config.breaker,
    probeSeconds: policy.probeSeconds,
  });
  const durations = durationHistory(sql, logger);
  let accounts: AccountsInForce | undefined;
  const closeAll = async (): Promise<void> => {
    await accounts?.stop();
    await durations.stop();
    await egress.stop();
    await jobs.stop();
    objects.stop?.();
    await store.stop();
    await sql.end({ timeout: 5 });
  };
  try {
    const following = {
      accounts: config.accounts,
      store,
      jobs,
      gate,
      newId: newUuid,
      random: Math.random,
      logger,
    };
    accounts = await followAccounts(following);
    const inForce = accounts;
    const stranded = await jobs.wakeStranded(config.accounts.map(({ id }) => id));
    if (stranded > 0) logger.warn({ stranded }, 'work waited for accounts that nobody serves any more');
    const ports: GatewayPorts = {
      store,
      jobs,
      gate,
      accounts: inForce,
      durations,
      vendorJobs: vendorJobs(sql),
      staging: objectStoreStaging(objects),
      calls: vendorCalls(egress),
      accessTo,
      signer: createSigner(config.signingSecrets),
      publicUrl: config.publicUrl,
      policy,
      unreachable: streaks(mostStreaks),
      missing: streaks(mostStreaks),
      refusedLooks: refusedLooks(),
      logger,
      at: options.at ?? (async () => undefined),
      now: Date.now,
      random: Math.random,
      newId: newUuid,
    };
    const worker = startJobWorker({
      work: jobs,
      name: group,
      concurrency: config.concurrency ?? 128,
      leaseSeconds: config.leaseSeconds ?? 10,
      pollMs: 250,
      accounts: () => inForce.claimable(),
      run: (job) => advance(ports, job),
      log: logger,
    });
    const bus = openBus(config.bus, { store, sql, group, concurrency: 64, log: logger });
    const module = ProviderGatewayModule.with({ jobs, queueOf, poke: () => worker.poke() });
    const app = await createBusMicroservice(module, bus, { logger: new NestLogger(logger) });
    await app.listen();
    const sweep = startSweep({
      store,
      group,
      types: wakingTypes,
      assure: async (events) => {
        const missing = await jobs.assure(events.map((event) => wakeOf(event, queueOf)));
        if (missing > 0) worker.poke();
        return missing;
      },
      log: logger,
      ...config.sweep,
    });
    const unwatch = watchAccounts({ ids: config.accounts.map(({ id }) => id), jobs, accounts: inForce });
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
