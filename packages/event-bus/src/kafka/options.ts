import type { EventStore } from '@darkroom/event-store';
import type postgres from 'postgres';
import { type BusLog, silentLog } from '../port.js';
import { defaultRedeliveryPolicy, type RedeliveryPolicy } from '../redelivery.js';
import type { KafkaAddress } from './client.js';
import { OwnSockets } from './own-sockets.js';

/** How a group consumes Kafka. */
export interface KafkaOptions {
  readonly address: KafkaAddress;
  /** What does not travel is read here, and so are the events of parked streams. */
  readonly store: Pick<EventStore, 'readStream'>;
  /** For the tables of parked streams and refused records. */
  readonly sql: postgres.Sql;
  /** Consumer group: its members share the partitions. All of them handle the same types. */
  readonly group: string;
  /** Streams handled at once. Default 32. */
  readonly concurrency?: number;
  /** Messages of a partition taken and not done at which it is paused. Default 256. */
  readonly capacity?: number;
  /** Default 10,000. A member that vanishes is replaced after this time. */
  readonly sessionTimeoutMs?: number;
  /** How often the low-water marks are committed. Default 200. */
  readonly commitMs?: number;
  /** A handler that runs for longer gives this member's partitions to others, until it ends. Default 300,000. */
  readonly handlerLimitMs?: number;
  readonly policy?: Partial<RedeliveryPolicy>;
  readonly log?: BusLog;
  readonly random?: () => number;
  /** Where a test watches or cuts the connections. */
  readonly sockets?: () => OwnSockets;
}

/** The same with nothing left open. */
export type KafkaSettings = Required<Omit<KafkaOptions, 'policy'>> & { readonly policy: RedeliveryPolicy };

/** Fills in what was left to the defaults. */
export const settingsOf = (options: KafkaOptions): KafkaSettings => ({
  concurrency: 32,
  capacity: 256,
  sessionTimeoutMs: 10_000,
  commitMs: 200,
  handlerLimitMs: 300_000,
  log: silentLog,
  random: Math.random,
  sockets: () => new OwnSockets(),
  ...options,
  policy: { ...defaultRedeliveryPolicy, ...options.policy },
});
