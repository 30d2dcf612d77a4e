import { ConfigError, type Environment, readSettings } from '@darkroom/platform';

/** What the relay needs. */
export interface RelayConfig {
  readonly databaseUrl: string;
  readonly brokers: readonly string[];
  readonly logLevel: string;
}

/**
 * Reads the process's own settings.
 * @throws ConfigError
 */
export function readRelayConfig(env: Environment): RelayConfig {
  const { DATABASE_URL, KAFKA_BROKERS, LOG_LEVEL } = readSettings(
    ['DATABASE_URL', 'KAFKA_BROKERS', 'LOG_LEVEL'],
    env,
  );
  if (DATABASE_URL === undefined)
    throw new ConfigError('DATABASE_URL is missing: only the launcher brings its own Postgres');
  if (KAFKA_BROKERS === undefined)
    throw new ConfigError('KAFKA_BROKERS is missing: the relay publishes to Kafka');
  return { databaseUrl: DATABASE_URL, brokers: KAFKA_BROKERS, logLevel: LOG_LEVEL };
}
