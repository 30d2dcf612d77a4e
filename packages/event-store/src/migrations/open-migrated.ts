import { type Database, type DatabaseOptions, openDatabase } from '../database.js';
import { assertLogInPlace } from '../restored-log/restored-log.js';
import { assertMigrated } from './migrate.js';
import type { MigrationSet } from './migration-files.js';

/**
 * A service's pool, once the schemas that it needs are there and the log is this cluster's own: better refused now than at the
 * first request. The sets hold the event store's.
 * @throws MigrationError `migrations_missing`, `database_newer`, `migration_changed`, `restored_from_dump`
 */
export async function openMigrated(
  url: string,
  sets: readonly MigrationSet[],
  options: DatabaseOptions = {},
): Promise<Database> {
  const sql = openDatabase(url, options);
  try {
    await assertMigrated(sql, sets);
    await assertLogInPlace(sql);
    return sql;
  } catch (error) {
    await sql.end({ timeout: 5 });
    throw error;
  }
}
