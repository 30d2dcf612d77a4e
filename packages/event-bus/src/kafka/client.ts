import kafkajs, { type Kafka, type KafkaConfig, type LogEntry } from 'kafkajs';
import type { BusLog } from '../port.js';
import type { OwnSockets } from './own-sockets.js';

/** How a cluster is reached. */
export interface KafkaAddress {
  readonly brokers: readonly string[];
  /** For the broker's log and quotas: the service. */
  readonly clientId: string;
  readonly ssl?: KafkaConfig['ssl'];
  readonly sasl?: KafkaConfig['sasl'];
}

/** Short: who waits longer is rebuilt by us, and tells of it. */
const retry = { initialRetryTime: 100, multiplier: 2, maxRetryTime: 1_000, retries: 3, factor: 0.2 };
const levels = kafkajs.logLevel;

/** A kafkajs client whose every socket is among these. What it logs is ours, at warning at most: it logs what it then retries as an error. */
export function openKafka(address: KafkaAddress, sockets: OwnSockets, log: BusLog): Kafka {
  return new kafkajs.Kafka({
    brokers: [...address.brokers],
    clientId: address.clientId,
    ...(address.ssl === undefined ? {} : { ssl: address.ssl }),
    ...(address.sasl === undefined ? {} : { sasl: address.sasl }),
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    retry,
    socketFactory: sockets.factory,
    logLevel: levels.WARN,
    logCreator: () => (entry) => tell(log, entry),
  });
}

function tell(log: BusLog, { namespace, log: { message, error, groupId } }: LogEntry): void {
  const facts = { kafkajs: namespace, ...(error === undefined ? {} : { reason: String(error) }) };
  log.warn(groupId === undefined ? facts : { ...facts, group: String(groupId) }, `kafkajs: ${message}`);
}
