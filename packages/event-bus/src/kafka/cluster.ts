import { ConfigError, type SettingName, type SettingValues } from '@darkroom/platform';
import type { KafkaAddress } from './client.js';

/** Where brokers are, and how they are spoken to. */
export type KafkaCluster = Omit<KafkaAddress, 'clientId'>;

/** The settings that say it. */
export const kafkaSettingNames = [
  'KAFKA_BROKERS',
  'KAFKA_SSL',
  'KAFKA_USERNAME',
  'KAFKA_PASSWORD',
  'KAFKA_SASL_MECHANISM',
] as const satisfies readonly SettingName[];

/**
 * Undefined: no brokers are named.
 * @throws ConfigError half a login, or one for brokers that are not named
 */
export function kafkaCluster(
  read: SettingValues<(typeof kafkaSettingNames)[number]>,
): KafkaCluster | undefined {
  const { KAFKA_BROKERS: brokers, KAFKA_USERNAME: username, KAFKA_PASSWORD: password } = read;
  if ((username === undefined) !== (password === undefined))
    throw new ConfigError(
      'wrong settings: KAFKA_USERNAME and KAFKA_PASSWORD go together, one of them is missing',
    );
  if (brokers === undefined && (read.KAFKA_SSL || username !== undefined))
    throw new ConfigError(
      'wrong settings: KAFKA_SSL and a login are for brokers of your own, and KAFKA_BROKERS is missing',
    );
  if (brokers === undefined) return undefined;
  return {
    brokers,
    ...(read.KAFKA_SSL ? { ssl: true } : {}),
    ...(username === undefined || password === undefined
      ? {}
      : { sasl: saslOf(read.KAFKA_SASL_MECHANISM, { username, password }) }),
  };
}

/** Each mechanism is a type of its own to kafkajs. */
function saslOf(
  mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512',
  login: { readonly username: string; readonly password: string },
): KafkaCluster['sasl'] {
  switch (mechanism) {
    case 'plain':
      return { mechanism, ...login };
    case 'scram-sha-256':
      return { mechanism, ...login };
    case 'scram-sha-512':
      return { mechanism, ...login };
  }
}
