import { type BusSettings, busSettingNames, busSettings } from '@darkroom/event-bus';
import {
  ConfigError,
  type Environment,
  objectStoreSettingNames,
  type ObjectStoreSettings,
  objectStoreSettings,
  readSettings,
} from '@darkroom/platform';
import { accountsIn } from '@darkroom/provider-accounts';
import { defaultLimits, type OutputLimits } from './policy/limits.js';

/** A host that links of one provider account may name although it is not https on a public address. */
export interface AllowedHost {
  /** Provider account. */
  readonly account: string;
  /** Scheme, host and port, such as `http://127.0.0.1:8090`. */
  readonly origin: string;
}

/** Everything that the artifact service is told from outside. */
export interface ArtifactConfig {
  readonly databaseUrl: string;
  readonly bus: BusSettings;
  readonly objects: ObjectStoreSettings;
  /** Downloads on their way are kept in `incoming` below it. */
  readonly dataDir: string;
  readonly allowedHosts: readonly AllowedHost[];
  readonly logLevel: string;
  /** Generations whose outputs are stored at once. */
  readonly concurrency: number;
  readonly leaseSeconds: number;
  /** Longest time between two looks at the due work. */
  readonly pollMs: number;
  /** Pause of a job that our own side could not carry out. */
  readonly retryAfterMs: number;
  readonly limits: OutputLimits;
}

/** What holds where nobody said otherwise. */
export const artifactDefaults = {
  bus: { kind: 'postgres' },
  allowedHosts: [],
  logLevel: 'info',
  concurrency: 8,
  leaseSeconds: 10,
  pollMs: 500,
  retryAfterMs: 5_000,
  limits: defaultLimits,
} as const satisfies Partial<ArtifactConfig>;

/**
 * Private addresses that outputs may be fetched from; without a file the simulator's.
 * @throws ConfigError
 */
export function privateHosts(providersFile: string | undefined, simulatorUrl: string): AllowedHost[] {
  const simulator = new URL(simulatorUrl).origin;
  return accountsIn(providersFile).flatMap(({ id, baseUrl, privateOrigins }) => {
    const origins = baseUrl === undefined ? [simulator, ...privateOrigins] : privateOrigins;
    return origins.map((origin) => ({ account: id, origin }));
  });
}

/**
 * Reads the service's settings from the environment.
 * @throws ConfigError in one line
 */
export function readArtifactConfig(env: Environment): ArtifactConfig {
  const read = readSettings(
    [
      'DATABASE_URL',
      'PROVIDERS_FILE',
      'HOST',
      'SIMULATOR_PORT',
      'SIMULATOR_URL',
      'LOG_LEVEL',
      ...busSettingNames,
      ...objectStoreSettingNames,
    ],
    env,
  );
  if (read.DATABASE_URL === undefined)
    throw new ConfigError(
      'wrong settings: DATABASE_URL is missing: only the launcher brings its own Postgres',
    );
  return {
    ...artifactDefaults,
    databaseUrl: read.DATABASE_URL,
    bus: busSettings(read),
    objects: objectStoreSettings(read),
    dataDir: read.DATA_DIR,
    allowedHosts: privateHosts(
      read.PROVIDERS_FILE,
      read.SIMULATOR_URL ?? `http://${read.HOST}:${read.SIMULATOR_PORT}`,
    ),
    logLevel: read.LOG_LEVEL,
  };
}
