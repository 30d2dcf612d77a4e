import { createHash, randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { type Database, openDatabase } from '../database.js';
import { eventStoreMigrations, migrate, type MigrationSet } from '../migrations/index.js';
import { accessOf } from '../migrations/access.js';
import { readMigrations } from '../migrations/migration-files.js';
import { type TestCluster, testCluster } from './test-cluster.js';

export interface TestDatabaseOptions {
  /** Beside the event store's own. */
  readonly migrations?: readonly MigrationSet[];
}

/** A database of the test file's own, already migrated. */
export interface TestDatabase {
  /** As background services see it. */
  readonly url: string;
  /** As the clients' API sees it. */
  readonly apiUrl: string;
  readonly ownerUrl: string;
  /** May do anything: end backends, make databases. */
  readonly superuserUrl: string;
  /** A pool on `url`; `drop` ends it. */
  readonly sql: Database;
  /** A pool on `superuserUrl`, for what no service may do; `drop` ends it. */
  readonly superuser: Database;
  drop(): Promise<void>;
}

const owner = 'darkroom_owner';

/**
 * Makes a database on this process's embedded Postgres, cloned from a template that holds the migrated schemas. The first
 * call of a process takes about a second, the others some 50 ms.
 */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const cluster = await testCluster();
  const sets = [eventStoreMigrations, ...(options.migrations ?? [])];
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asSuperuser(cluster, async (admin) => {
    const template = await templateFor(admin, cluster, sets);
    await admin.unsafe(`CREATE DATABASE ${name} TEMPLATE ${template} OWNER ${owner}`);
  });
  const url = cluster.serviceUrl(name);
  const sql = openDatabase(url, { applicationName: 'test' });
  const superuser = openDatabase(cluster.superuserUrl(name), { applicationName: 'test superuser', max: 2 });
  return {
    url,
    apiUrl: cluster.apiUrl(name),
    ownerUrl: cluster.ownerUrl(name),
    superuserUrl: cluster.superuserUrl(name),
    sql,
    superuser,
    async drop() {
      await Promise.all([sql.end({ timeout: 5 }), superuser.end({ timeout: 5 })]);
      await asSuperuser(cluster, (admin) => admin.unsafe(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}

async function templateFor(
  admin: postgres.Sql,
  cluster: TestCluster,
  sets: readonly MigrationSet[],
): Promise<string> {
  const content = sets.map((set) => [
    set.schema,
    set.ledger,
    readMigrations(set).map((file) => file.sql),
    accessOf(set),
  ]);
  const name = `template_${createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 24)}`;
  await admin.unsafe('SELECT pg_advisory_lock(1)');
  const found = await admin`SELECT 1 FROM pg_database WHERE datname = ${name}`;
  if (found.length > 0) return name;
  // Renamed when whole: a failing migration must not leave half a template under its name.
  const unfinished = `${name}_new`;
  await admin.unsafe(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`);
  await admin.unsafe(`CREATE DATABASE ${unfinished} OWNER ${owner}`);
  const sql = openDatabase(cluster.ownerUrl(unfinished), { max: 1 });
  try {
    await migrate(sql, sets);
  } finally {
    await sql.end({ timeout: 5 });
  }
  await admin.unsafe(`ALTER DATABASE ${unfinished} RENAME TO ${name}`);
  return name;
}

async function asSuperuser<T>(cluster: TestCluster, run: (admin: postgres.Sql) => Promise<T>): Promise<T> {
  const admin = postgres(cluster.superuserUrl('postgres'), { max: 1, onnotice: () => undefined });
  try {
    return await run(admin);
  } finally {
    await admin.end({ timeout: 5 });
  }
}
