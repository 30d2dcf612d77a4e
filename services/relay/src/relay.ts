import { type BusMessage, toBusMessage } from '@darkroom/event-bus';
import type { EventStore } from '@darkroom/event-store';
import { count, type Logger } from '@darkroom/platform';

/** Name of the relay's checkpoint. */
export const relaySubscription = 'relay';

export interface RelayPorts {
  readonly store: Pick<EventStore, 'subscribe'>;
  readonly publisher: { publish(messages: readonly BusMessage[]): Promise<void> };
  /** Unique to the process. */
  readonly holder: string;
  readonly logger: Logger;
  /** Default 6: whoever stands by takes over within 10 s. */
  readonly leaseSeconds?: number;
}

/** A running relay. */
export interface Relay {
  /** How long it has not got on, in milliseconds. 0: it does, or stands by. */
  failingForMs(): number;
  /** Waits for what is being published, then hands the lease back. */
  stop(): Promise<void>;
}

/**
 * Follows the log and publishes each page, in its order; the checkpoint moves when all of a page is acknowledged. A page whose fate is not
 * known is published again: a record may come twice, and its first occurrences are in order. Who lost the lease while it published cannot
 * move the checkpoint. An event that this program cannot read stops it: what is behind would overtake it for ever.
 */
export function relayLog({ store, publisher, holder, logger, leaseSeconds = 6 }: RelayPorts): Relay {
  let failingSince: number | undefined;
  const subscription = store.subscribe({
    subscription: relaySubscription,
    holder,
    leaseSeconds,
    batchSize: 500,
    pollMs: 100,
    handle: async (page) => {
      await publisher.publish(page.map(toBusMessage));
      count('published', {}, page.length);
    },
    onWell: () => (failingSince = undefined),
    onError: (error) => {
      failingSince ??= performance.now();
      logger.error({ err: error }, 'events could not be published; they are tried again');
    },
  });
  return {
    failingForMs: () => (failingSince === undefined ? 0 : performance.now() - failingSince),
    stop: () => subscription.stop(),
  };
}
