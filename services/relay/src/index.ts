import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { KafkaPublisher } from '@darkroom/event-bus';
import {
  createPostgresEventStore,
  databaseRoles,
  eventStoreMigrations,
  openMigrated,
  subscriptionLag,
} from '@darkroom/event-store';
import {
  createLogger,
  databaseProbe,
  type Logger,
  ProblemError,
  type ProcessService,
  watchLag,
} from '@darkroom/platform';
import type { RelayConfig } from './config.js';
import { type Relay, relayLog, relaySubscription } from './relay.js';

export { type RelayConfig, readRelayConfig } from './config.js';

export interface RelayOptions {
  /** Default: one of the service's own. */
  readonly logger?: Logger;
}

/** A broker that is being restarted is no reason to take the relay for broken. */
const patienceMs = 15_000;
const lastSendMs = 4_000;

/**
 * Publishes the event store's log to Kafka, in its order. One instance does, the others stand by. The schema of the store must be there; the
 * topics are made where they are not.
 */
export async function startRelay(config: RelayConfig, options: RelayOptions = {}): Promise<ProcessService> {
  const logger = options.logger ?? createLogger({ service: 'relay', level: config.logLevel });
  const sql = await openMigrated(config.databaseUrl, [eventStoreMigrations], {
    role: databaseRoles.worker,
    applicationName: 'relay',
  });
  const store = createPostgresEventStore(sql);
  const publisher = new KafkaPublisher({
    address: { ...config.kafka, clientId: 'relay' },
    replicationFactor: config.replicationFactor,
    log: logger,
  });
  const relay: Relay = relayLog({ store, publisher, holder: `relay-${randomUUID()}`, logger });
  const unwatch = watchLag('relay', () => subscriptionLag(sql, relaySubscription));
  const answers = databaseProbe(() => sql`select 1`);
  const ready = async (): Promise<void> => {
    await answers();
    if (relay.failingForMs() > patienceMs)
      throw new ProblemError('unavailable', 'Events cannot be published.', { retryAfterSeconds: 5 });
  };
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    unwatch();
    const relayed = relay.stop();
    // What is being published may wait for a broker that is away: it is published again by whoever comes next.
    await Promise.race([relayed, delay(lastSendMs, undefined, { ref: false })]);
    await publisher.stop();
    await relayed;
    await store.stop();
    await sql.end({ timeout: 5 });
  };
  return { name: 'relay', ready, stop: () => (stopped ??= stop()) };
}
