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
import type { ProviderAccount } from './accounts.js';

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
  /** Jobs in work at once. Default 64. */
  readonly concurrency?: number;
  /** Default 10. */
  readonly leaseSeconds?: number;
  /** How far behind the bus, and how often, the log is swept. Default: a minute, every 10 s. */
  readonly sweep?: { readonly olderThanMs: number; readonly everyMs: number };
  /** What differs from the default policy. */
  readonly retry?: Partial<RetryPolicy>;
}

/** The account of the provider simulator at this URL. */
export function simulatorAccount(baseUrl: string): ProviderAccount {
  return { id: 'sim', vendor: 'sim', baseUrl, credential: 'simulator', privateAddress: true };
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
  if (settings.PROVIDERS_FILE !== undefined)
    throw new ConfigError('PROVIDERS_FILE is not supported here yet: the simulator is the only account');
  if (settings.DATABASE_URL === undefined)
    throw new ConfigError('DATABASE_URL is missing: only the launcher brings its own Postgres');
  if (settings.SIGNING_SECRET === undefined)
    throw new ConfigError('SIGNING_SECRET is missing: the processes of one installation share it');
  const { HOST, INTAKE_PORT, SIMULATOR_PORT, SIMULATOR_URL } = settings;
  return {
    databaseUrl: settings.DATABASE_URL,
    publicUrl: settings.PUBLIC_URL ?? `http://${HOST}:${INTAKE_PORT}`,
    bus: busSettings(settings),
    objects: objectStoreSettings(settings),
    signingSecrets: settings.SIGNING_SECRET,
    accounts: [simulatorAccount(SIMULATOR_URL?.replace(/\/$/, '') ?? `http://${HOST}:${SIMULATOR_PORT}`)],
    logLevel: settings.LOG_LEVEL,
  };
}
