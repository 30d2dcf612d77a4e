import type { Database, EventStore, Subscription } from '@darkroom/event-store';
import type { Logger } from '@darkroom/platform';
import { feedSubscription, projectFeed } from '@darkroom/read-models';

interface FeedPorts {
  readonly sql: Database;
  readonly store: Pick<EventStore, 'subscribe'>;
  /** Unique to the process. */
  readonly holder: string;
  readonly logger: Logger;
}

/**
 * Projects the tenants' feed. It needs the order of ONE log, so that it reads the store whatever the bus is; a page's rows and the
 * checkpoint move in one transaction, which a holder that lost its lease cannot commit.
 */
export function startFeed({ sql, store, holder, logger }: FeedPorts): Subscription {
  return store.subscribe({
    subscription: feedSubscription,
    holder,
    leaseSeconds: 10,
    pollMs: 250,
    handle: async (page, advance) => {
      await sql.begin(async (tx) => {
        await projectFeed(tx, page);
        await advance(tx);
      });
    },
    onError: (error) => logger.error({ err: error }, 'the feed could not be projected; it is tried again'),
  });
}
