import type { RetryPolicy } from '@darkroom/domain';
import { type BusSettings, busSettingNames, busSettings } from '@darkroom/event-bus';
import {
  ConfigError,
  type Environment,
  objectStoreSettingNames,
  type ObjectStoreSettings,
  objectStoreSettings,
  readSettings,
} from '@darkroom/platform';
import { type AccountEntry, credentialOf, readProvidersFile } from '@darkroom/provider-accounts';
import { adapterFor } from '@darkroom/providers';
import type { ProbePace } from './adapters/account-gate.js';
import { mayCallBack, type ProviderAccount } from './accounts.js';

/** What the gateway needs. */
export interface ProviderGatewayConfig {
  readonly databaseUrl: string;
  /** Base URL that vendors are given for webhooks. */
  readonly publicUrl: string;
  readonly bus: BusSettings;
  /** Where pictures that come with the answer itself wait for the artifact service. */
  readonly objects: ObjectStoreSettings;
  /** Sign webhook tokens; the first signs. */
  readonly signingSecrets: readonly [string, ...string[]];
  readonly accounts: readonly ProviderAccount[];
  readonly logLevel: string;
  /** Jobs in work at once. Default 128. */
  readonly concurrency?: number;
  /** Default 10. */
  readonly leaseSeconds?: number;
  /** How far behind the bus, and how often, the log is swept. Default: a minute, every 10 s. */
  readonly sweep?: { readonly olderThanMs: number; readonly everyMs: number };
  /** What differs from the default policy. */
  readonly retry?: Partial<RetryPolicy>;
  /** When an account's breaker opens, and how often it is probed then; what differs from the default. */
  readonly breaker?: Partial<Omit<ProbePace, 'probeSeconds'>>;
}

/** The account of the provider simulator at this URL. */
export function simulatorAccount(baseUrl: string): ProviderAccount {
  return { id: 'sim', vendor: 'sim', baseUrl, credential: 'simulator', privateAddress: true };
}

/**
 * The accounts of the file; without one the simulator alone.
 * @throws ConfigError also where a vendor could not call whose webhooks alone tell how a job ends
 */
export function configuredAccounts(
  providersFile: string | undefined,
  { simulatorUrl, publicUrl }: { readonly simulatorUrl: string; readonly publicUrl: string },
  env: Environment,
): readonly ProviderAccount[] {
  if (providersFile === undefined) return [simulatorAccount(simulatorUrl)];
  const accounts = readProvidersFile(providersFile).accounts.map((entry) =>
    accountOf(entry, simulatorUrl, env),
  );
  const unheard = accounts.find(
    (account) => adapterFor(account.vendor)?.webhooksDecide === true && !mayCallBack(publicUrl, account),
  );
  if (unheard !== undefined)
    throw new ConfigError(
      `wrong settings: PUBLIC_URL must be https for the account ${unheard.id}, or its address one of its allowed_private_hosts: only webhooks tell how its jobs end`,
    );
  return accounts;
}

function accountOf(entry: AccountEntry, simulatorUrl: string, env: Environment): ProviderAccount {
  const { id, vendor, limits } = entry;
  // The simulator's address alone may be left to its own setting.
  const isSimulator = entry.baseUrl === undefined;
  const baseUrl = entry.baseUrl ?? simulatorUrl;
  return {
    id,
    vendor,
    baseUrl,
    credential: credentialOf(entry, env),
    otherBaseUrls: entry.otherBaseUrls,
    privateOrigins: entry.privateOrigins,
    limits,
    privateAddress: isSimulator || entry.privateOrigins.includes(new URL(baseUrl).origin),
  };
}

/**
 * Reads the process's own settings.
 * @throws ConfigError
 */
export function readProviderGatewayConfig(env: Environment): ProviderGatewayConfig {
  const settings = readSettings(
    [
      'DATABASE_URL',
      'LOG_LEVEL',
      'HOST',
      'INTAKE_PORT',
      'SIMULATOR_PORT',
      'SIMULATOR_URL',
      'PUBLIC_URL',
      ...busSettingNames,
      ...objectStoreSettingNames,
      'SIGNING_SECRET',
      'PROVIDERS_FILE',
    ],
    env,
  );
  if (settings.DATABASE_URL === undefined)
    throw new ConfigError('DATABASE_URL is missing: only the launcher brings its own Postgres');
  if (settings.SIGNING_SECRET === undefined)
    throw new ConfigError('SIGNING_SECRET is missing: the processes of one installation share it');
  const { HOST, INTAKE_PORT, SIMULATOR_PORT, SIMULATOR_URL, PROVIDERS_FILE } = settings;
  const simulatorUrl = SIMULATOR_URL?.replace(/\/$/, '') ?? `http://${HOST}:${SIMULATOR_PORT}`;
  const publicUrl = settings.PUBLIC_URL ?? `http://${HOST}:${INTAKE_PORT}`;
  const accounts = configuredAccounts(PROVIDERS_FILE, { simulatorUrl, publicUrl }, env);
  return {
    databaseUrl: settings.DATABASE_URL,
    publicUrl,
    bus: busSettings(settings),
    objects: objectStoreSettings(settings),
    signingSecrets: settings.SIGNING_SECRET,
    accounts,
    logLevel: settings.LOG_LEVEL,
  };
}
