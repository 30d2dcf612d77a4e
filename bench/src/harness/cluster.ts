import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@darkroom/embedded-postgres';
import {
  type Database,
  eventStoreMigrations,
  migrate,
  type MigrationSet,
  openDatabase,
} from '@darkroom/event-store';

/** A Postgres of the benchmark's own, as `npm start` has it: fsync on, nothing tuned. */
export interface Cluster {
  readonly postgres: EmbeddedPostgres;
  /** Superuser, in the migrated database. */
  readonly superuserUrl: string;
  stop(): Promise<void>;
}

export async function startCluster(sets: readonly MigrationSet[]): Promise<Cluster> {
  const postgres = await startEmbeddedPostgres({
    dataDir: mkdtempSync(join(tmpdir(), 'darkroom-bench-')),
    temporary: true,
  });
  const owner: Database = openDatabase(postgres.ownerUrl, { max: 1 });
  await migrate(owner, [eventStoreMigrations, ...sets]);
  await owner.end();
  const superuserUrl = Object.assign(new URL(postgres.superuserUrl), { pathname: '/darkroom' }).href;
  return { postgres, superuserUrl, stop: () => postgres.stop() };
}
