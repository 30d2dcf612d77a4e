import { type KafkaCluster, kafkaCluster, kafkaSettingNames } from '@darkroom/event-bus';
import { ConfigError, type Environment, readSettings } from '@darkroom/platform';

/** What the relay needs. */
export interface RelayConfig {
  readonly databaseUrl: string;
  readonly kafka: KafkaCluster;
  /** Copies of a topic that it makes. */
  readonly replicationFactor: number;
  readonly logLevel: string;
}

/**
 * Reads the process's own settings.
 * @throws ConfigError
 */
export function readRelayConfig(env: Environment): RelayConfig {
  const read = readSettings(
    ['DATABASE_URL', ...kafkaSettingNames, 'KAFKA_REPLICATION_FACTOR', 'LOG_LEVEL'],
    env,
  );
  const { DATABASE_URL, KAFKA_REPLICATION_FACTOR, LOG_LEVEL } = read;
  if (DATABASE_URL === undefined)
    throw new ConfigError('DATABASE_URL is missing: only the launcher brings its own Postgres');
  const kafka = kafkaCluster(read);
  if (kafka === undefined) throw new ConfigError('KAFKA_BROKERS is missing: the relay publishes to Kafka');
  return {
    databaseUrl: DATABASE_URL,
    kafka,
    replicationFactor: KAFKA_REPLICATION_FACTOR,
    logLevel: LOG_LEVEL,
  };
}
