import type { Database } from '../database.js';
import type { MigrationSet } from '../migrations/index.js';

export interface TestDatabaseOptions {
  /** Beside the event store's own. */
  readonly migrations?: readonly MigrationSet[];
}

/** A database of the test file's own, already migrated. */
export interface TestDatabase {
  /** As a service sees it. */
  readonly url: string;
  readonly ownerUrl: string;
  /** A pool on `url`; `drop` ends it. */
  readonly sql: Database;
  drop(): Promise<void>;
}

/** Makes a database on this process's embedded Postgres, cloned from a template that holds the migrated schemas. */
export async function createTestDatabase(_options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  throw new Error('not yet');
}
