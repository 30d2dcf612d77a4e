import type postgres from 'postgres';
import { applyAccess, ensureRoles } from './access.js';
import { MigrationError } from './errors.js';
import { type MigrationFile, ledgerOf, type MigrationSet, readMigrations } from './migration-files.js';

export interface MigrateOptions {
  readonly log?: (line: string) => void;
  /** Grants and policies are set anew even where they seem to stand: a dump may have been restored without them. */
  readonly resetAccess?: boolean;
}

/** Any number that nothing else in the database uses; one for all sets, as they may refer to one another. */
const lockId = '7301826450917253';

interface AppliedRow {
  readonly number: number;
  readonly name: string;
  readonly sha256: string;
}

/**
 * Brings every set's schema up to date, in the order given, all in one transaction: with a file that fails nothing has
 * happened. One process at a time does it, the others wait. Then each set's access is set, once the group roles are there: an
 * owner who may not make roles leaves all as it was, and says so.
 * @throws MigrationError for a database newer than this code, a file that was changed, or one that fails.
 */
export async function migrate(
  owner: postgres.Sql,
  sets: readonly MigrationSet[],
  options: MigrateOptions = {},
): Promise<void> {
  const read = sets.map((set) => ({ set, files: readMigrations(set) }));
  await owner.begin(async (tx) => {
    await tx.unsafe('SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0');
    await tx.unsafe(`SELECT pg_advisory_xact_lock(${lockId})`);
    // Every name is qualified. Row-level security lets the owner see rows under this search path alone (access.sql).
    await tx.unsafe('SET LOCAL search_path = pg_catalog, pg_temp');
    for (const { set, files } of read) await migrateSet(tx, set, files, options);
    if (!(await ensureRoles(tx))) {
      options.log?.(
        'Warning: the owner of the database may not create the roles darkroom_api and darkroom_worker; without them no row-level security holds',
      );
      return;
    }
    for (const { set, files } of read)
      await applyAccess(tx, set, files, { always: options.resetAccess === true });
  });
}

/**
 * Checks, without the owner's rights, that every set is there in full.
 * @throws MigrationError `migrations_missing`, `database_newer`, `migration_changed`
 */
export async function assertMigrated(sql: postgres.Sql, sets: readonly MigrationSet[]): Promise<void> {
  for (const set of sets) {
    const missing = pending(set, readMigrations(set), await applied(sql, set));
    const [first] = missing;
    if (first) {
      throw new MigrationError(
        'migrations_missing',
        `the database lacks ${missing.length} migrations of ${set.schema}, from ${first.name}: set DATABASE_OWNER_URL, or migrate first`,
        { schema: set.schema, name: first.name },
      );
    }
  }
}

async function migrateSet(
  connection: postgres.TransactionSql,
  set: MigrationSet,
  files: readonly MigrationFile[],
  options: MigrateOptions,
): Promise<void> {
  const missing = pending(set, files, await applied(connection, set));
  for (const file of missing) {
    options.log?.(`Migrating ${set.schema}: ${file.name}`);
    await runFile(connection, set, file);
  }
}

async function runFile(
  connection: postgres.TransactionSql,
  set: MigrationSet,
  file: MigrationFile,
): Promise<void> {
  const table = `${set.schema}.${ledgerOf(set)}`;
  try {
    // Several statements at once are a simple query, without parameters. Every part is ours or checked against a pattern.
    await connection.unsafe(`
      CREATE SCHEMA IF NOT EXISTS ${set.schema};
      CREATE TABLE IF NOT EXISTS ${table} (
        number int PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT clock_timestamp());
      ${file.sql};
      INSERT INTO ${table} (number, name, sha256) VALUES (${file.number}, '${file.name}', '${file.sha256}')`);
  } catch (cause) {
    throw new MigrationError(
      'migration_failed',
      `migration ${file.name} of ${set.schema} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
      { schema: set.schema, name: file.name },
      { cause },
    );
  }
}

async function applied(
  sql: postgres.Sql | postgres.TransactionSql,
  set: MigrationSet,
): Promise<readonly AppliedRow[]> {
  const table = `${set.schema}.${ledgerOf(set)}`;
  const [there] = await sql<{ there: boolean }[]>`SELECT to_regclass(${table}) IS NOT NULL AS there`;
  if (!there?.there) return [];
  return sql<AppliedRow[]>`SELECT number, name, sha256 FROM ${sql(table)} ORDER BY number`;
}

function pending(
  set: MigrationSet,
  files: readonly MigrationFile[],
  done: readonly AppliedRow[],
): readonly MigrationFile[] {
  const newest = done.at(-1);
  if (newest !== undefined && newest.number > files.length) {
    throw new MigrationError(
      'database_newer',
      `the database is newer than this program: ${set.schema} is at ${newest.name}, the program knows ${files.length} migrations; run a newer version`,
      { schema: set.schema, name: newest.name },
    );
  }
  for (const row of done) {
    const file = files[row.number - 1];
    if (file === undefined || file.sha256 !== row.sha256) {
      throw new MigrationError(
        'migration_changed',
        `migration ${row.name} of ${set.schema} was changed after it ran; migrations are frozen: add a new one`,
        { schema: set.schema, name: row.name },
      );
    }
  }
  return files.slice(done.length);
}
