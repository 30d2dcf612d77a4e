import type { Database } from '../database.js';
import type { EventStore } from '../event-store.js';
import type { MayAppend } from '../who-may-append.js';

export interface PostgresEventStoreOptions {
  readonly mayAppend: MayAppend;
  /** Shortest time between two NOTIFY of this process. Default 20. */
  readonly notifyEveryMs?: number;
  /** How long a lost answer is asked for again before it is given up as unknown. Default 15,000. */
  readonly settleTimeoutMs?: number;
}

/** The event store on Postgres. Needs the schema that `eventStoreMigrations` makes. */
export function createPostgresEventStore(_sql: Database, _options: PostgresEventStoreOptions): EventStore {
  throw new Error('not yet');
}
