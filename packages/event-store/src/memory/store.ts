import type { EventStore } from '../event-store.js';
import type { MayAppend } from '../who-may-append.js';

export interface MemoryEventStoreOptions {
  readonly mayAppend: MayAppend;
  /** Default: the wall clock. */
  readonly now?: () => Date;
}

/** The event store in memory: the same rules, for fast tests of use cases. */
export function createMemoryEventStore(_options: MemoryEventStoreOptions): EventStore {
  throw new Error('not yet');
}
