import { type Database, type EventStore, subscriptionLag } from '@darkroom/event-store';
import {
  ConfigError,
  ProblemError,
  type SettingName,
  type SettingValues,
  type Lag,
  watchGauge,
  watchLag,
} from '@darkroom/platform';
import type { BusTransport } from './bus-transport.js';
import { type KafkaCluster, kafkaCluster, kafkaSettingNames } from './kafka/cluster.js';
import { KafkaTransport } from './kafka/kafka-transport.js';
import { countParked } from './parked-streams.js';
import type { BusLog } from './port.js';
import { PostgresLogTransport } from './postgres-log-transport.js';

/** What carries events between services. */
export type BusSettings = { readonly kind: 'postgres' } | ({ readonly kind: 'kafka' } & KafkaCluster);

/** The settings that say it. */
export const busSettingNames = ['BUS', ...kafkaSettingNames] as const satisfies readonly SettingName[];

/** @throws ConfigError Kafka without brokers, or half a login */
export function busSettings(read: SettingValues<(typeof busSettingNames)[number]>): BusSettings {
  if (read.BUS === 'postgres') return { kind: 'postgres' };
  const cluster = kafkaCluster(read);
  if (cluster === undefined)
    throw new ConfigError('wrong settings: BUS is kafka, and KAFKA_BROKERS is missing');
  return { kind: 'kafka', ...cluster };
}

/** How one service consumes, whatever carries the events. */
export interface BusOptions {
  readonly store: EventStore;
  readonly sql: Database;
  /** Consumer group. */
  readonly group: string;
  /** Streams handled at once. */
  readonly concurrency?: number;
  readonly log: BusLog;
}

/** The Nest transport that the settings name. */
export function openBus(settings: BusSettings, options: BusOptions): BusTransport {
  const bus =
    settings.kind === 'postgres'
      ? new PostgresLogTransport(options)
      : new KafkaTransport({ ...options, address: { ...settings, clientId: options.group } });
  watch(bus, options);
  return bus;
}

/** Shown for as long as the process lives: once it is closed, looks at it fail. */
function watch(bus: BusTransport, { sql, group }: BusOptions): void {
  const labels = { group };
  const lag = async (): Promise<Lag> => {
    const told = bus.health()?.lag;
    if (told === null) throw new Error('the broker cannot be asked');
    return told ?? subscriptionLag(sql, group);
  };
  watchLag('consumer', lag, labels);
  watchGauge('parked', async () => [{ value: await countParked(sql, group), labels }]);
}

/** Longer than a rebalance and a broker's restart take. */
const patienceMs = 60_000;

/**
 * Whether consuming goes on: a process can be alive and its consumer dead.
 * @throws ProblemError `unavailable`, from what is returned
 */
export function busProbe(
  bus: Pick<BusTransport, 'health'>,
  now: () => number = Date.now,
): () => Promise<void> {
  return async () => {
    const health = bus.health();
    if (health?.state === 'standby') return;
    // Before the first look nobody knows whether there will be one.
    if (now() - (health?.lastProgressAt?.getTime() ?? Number.NEGATIVE_INFINITY) > patienceMs)
      throw new ProblemError('unavailable', 'Events cannot be consumed.', {
        retryAfterSeconds: 5,
        cause: health?.lastError,
      });
  };
}
