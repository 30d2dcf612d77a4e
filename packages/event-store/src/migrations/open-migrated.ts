import { type Database, type DatabaseOptions, openDatabase } from '../database.js';
import { assertLogInPlace } from '../restored-log/restored-log.js';
import { MigrationError } from './errors.js';
import { assertMigrated } from './migrate.js';
import type { MigrationSet } from './migration-files.js';
import type { DatabaseRole } from './roles.js';

export interface OpenOptions extends DatabaseOptions {
  /** What the service is in the database. */
  readonly role: DatabaseRole;
}

/**
 * A service's pool in its role, once the schemas that it needs are there and the log is this cluster's own: better refused now than
 * at the first request. The sets hold the event store's. Where the cluster has no such role it acts as what it logged in as.
 * @throws MigrationError `migrations_missing`, `database_newer`, `migration_changed`, `restored_from_dump`, `role_missing`
 */
export async function openMigrated(
  url: string,
  sets: readonly MigrationSet[],
  { role, ...options }: OpenOptions,
): Promise<Database> {
  const acts = (await mayActAs(url, role, options)) ? { role } : {};
  const sql = openDatabase(url, { ...options, ...acts });
  try {
    await assertMigrated(sql, sets);
    await assertLogInPlace(sql);
    return sql;
  } catch (error) {
    await sql.end({ timeout: 5 });
    throw error;
  }
}

/** False: the cluster has no such role. @throws MigrationError `role_missing` when it has, and this user may not act as it */
async function mayActAs(url: string, role: DatabaseRole, options: DatabaseOptions): Promise<boolean> {
  const sql = openDatabase(url, { ...options, max: 1 });
  try {
    const [row] = await sql<{ login: string; member: boolean }[]>`
      SELECT current_user AS login, pg_has_role(current_user, oid, 'MEMBER') AS member FROM pg_roles WHERE rolname = ${role}`;
    if (row === undefined) return false;
    if (row.member) return true;
    throw new MigrationError(
      'role_missing',
      `the database user ${row.login} may not act as ${role}: as the owner, GRANT ${role} TO ${row.login}`,
      { role, login: row.login },
    );
  } finally {
    await sql.end({ timeout: 5 });
  }
}
