import { artifactMigrations } from '@darkroom/artifact';
import { controlPlaneMigrations } from '@darkroom/control-plane';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@darkroom/embedded-postgres';
import { busMigrations } from '@darkroom/event-bus';
import {
  assertMigrated,
  type Database,
  databaseRoles,
  eventStoreMigrations,
  migrate,
  MigrationError,
  openDatabase,
} from '@darkroom/event-store';
import { intakeMigrations } from '@darkroom/intake';
import { ConfigError } from '@darkroom/platform';
import { providerGatewayMigrations } from '@darkroom/provider-gateway';
import { readModelMigrations } from '@darkroom/read-models';

const migrationSets = [
  eventStoreMigrations,
  busMigrations,
  readModelMigrations,
  intakeMigrations,
  ...providerGatewayMigrations,
  artifactMigrations,
  controlPlaneMigrations,
];

/** The database of all services. */
export interface DatabaseUrls {
  /** For background services and operators. */
  readonly url: string;
  /** For the clients' API. */
  readonly apiUrl: string;
  readonly ownerUrl: string | undefined;
  /** The embedded one; undefined: it was given by a setting. */
  readonly postgres: EmbeddedPostgres | undefined;
}

/** The database that the settings name, else the embedded Postgres of this data folder, started: the caller stops it. */
export async function openDatabaseOf(
  dataDir: string,
  settings: {
    readonly DATABASE_URL: string | undefined;
    readonly DATABASE_OWNER_URL: string | undefined;
  },
  progress: (line: string) => void,
): Promise<DatabaseUrls> {
  if (settings.DATABASE_URL !== undefined)
    return {
      url: settings.DATABASE_URL,
      apiUrl: settings.DATABASE_URL,
      ownerUrl: settings.DATABASE_OWNER_URL,
      postgres: undefined,
    };
  const postgres = await embedded(dataDir, progress);
  return { url: postgres.url, apiUrl: postgres.apiUrl, ownerUrl: postgres.ownerUrl, postgres };
}

async function embedded(dataDir: string, progress: (line: string) => void): Promise<EmbeddedPostgres> {
  progress('Starting the embedded Postgres');
  // What Postgres notes in the ordinary course of things is nobody's progress.
  const log = (line: string): void => (/ LOG: {2}/.test(line) ? undefined : progress(line));
  return startEmbeddedPostgres({ dataDir, log });
}

/** @throws ConfigError a database that was given cannot be reached; MigrationError */
export async function bringUpToDate(
  database: DatabaseUrls,
  progress: (line: string) => void,
  options: { readonly resetAccess?: boolean } = {},
): Promise<void> {
  await withOwner(database, 'darkroom migrations', async (sql) => {
    if (database.ownerUrl === undefined) return assertMigrated(sql, migrationSets);
    await migrate(sql, migrationSets, { log: progress, resetAccess: options.resetAccess === true });
    if (database.postgres === undefined) await grantRoles(sql, new URL(database.url).username);
  });
}

/** The one user that a database of one's own is given for all services acts as either role; each service takes its own. */
async function grantRoles(owner: Database, login: string): Promise<void> {
  for (const role of Object.values(databaseRoles)) {
    const [row] = await owner<{ missing: boolean }[]>`
      SELECT NOT pg_has_role(u.oid, r.oid, 'MEMBER') AS missing FROM pg_roles u, pg_roles r
      WHERE u.rolname = ${login} AND r.rolname = ${role}`;
    // Where the owner may not, the services say in one line what a person has to do.
    if (row?.missing === true) await owner`GRANT ${owner(role)} TO ${owner(login)}`.catch(() => undefined);
  }
}

/** @throws ConfigError a database that was given cannot be reached */
export async function withOwner<T>(
  { url, ownerUrl, postgres }: DatabaseUrls,
  applicationName: string,
  run: (sql: Database) => Promise<T>,
): Promise<T> {
  const sql = openDatabase(ownerUrl ?? url, { applicationName, max: 1 });
  try {
    return await run(sql);
  } catch (cause) {
    if (postgres !== undefined || cause instanceof MigrationError) throw cause;
    const setting = ownerUrl === undefined ? 'DATABASE_URL' : 'DATABASE_OWNER_URL';
    throw new ConfigError(`${setting}: ${whyNot(cause)}`, { cause });
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** In one line, for the person who set it. */
function whyNot(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return `no Postgres that can be used there (${message.split('\n', 1)[0] ?? ''})`;
}
