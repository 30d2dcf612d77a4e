import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type postgres from 'postgres';
import { MigrationError } from './errors.js';
import { fillIn, ledgerOf, type MigrationFile, type MigrationSet } from './migration-files.js';
import { databaseRoles } from './roles.js';

/** What a set grants that brings no `access.sql`: its tables belong to background services. */
const workersOwn = `
REVOKE ALL ON ALL TABLES IN SCHEMA {{schema}} FROM PUBLIC, darkroom_worker, darkroom_api;
GRANT USAGE ON SCHEMA {{schema}} TO darkroom_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {{schema}} TO darkroom_worker;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {{schema}} TO darkroom_worker;
DO $$
DECLARE
  ledger text;
BEGIN
  FOR ledger IN SELECT tablename FROM pg_tables WHERE schemaname = '{{schema}}' AND tablename ~ 'migrations$' LOOP
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON {{schema}}.%I FROM darkroom_worker', ledger);
  END LOOP;
END $$;`;

/**
 * Who may do what with a set's tables: the `access.sql` beside its numbered files. Not numbered: it says how things stand, and
 * runs again whenever it or the set has changed.
 */
export function accessOf(set: MigrationSet): string {
  const file = new URL('access.sql', set.directory);
  const text = existsSync(file) ? readFileSync(file, 'utf8').replaceAll('\r\n', '\n') : workersOwn;
  return fillIn(set, text, 'access.sql');
}

/** Makes the group roles where they are not there yet. False: the owner may not; a person has to. */
export async function ensureRoles(tx: postgres.TransactionSql): Promise<boolean> {
  const names = Object.values(databaseRoles);
  for (const name of names) {
    const found = await tx`SELECT FROM pg_roles WHERE rolname = ${name}`;
    if (found.length > 0) continue;
    try {
      await tx.savepoint((within) => within.unsafe(`CREATE ROLE ${name} NOLOGIN`));
    } catch (cause) {
      const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
      if (code === '42501') return false;
      // Roles belong to the cluster: another database of it is being migrated at this moment.
      if (code !== '42710' && code !== '23505') throw cause;
    }
  }
  return true;
}

/** Applies a set's access, unless it stands as it should. @throws MigrationError `migration_failed` */
export async function applyAccess(
  tx: postgres.TransactionSql,
  set: MigrationSet,
  files: readonly MigrationFile[],
  options: { readonly always: boolean },
): Promise<void> {
  const sql = accessOf(set);
  const stands = createHash('sha256').update(JSON.stringify([sql, files.map(({ sha256 }) => sha256)]));
  const mark = `access ${stands.digest('hex')}`;
  const table = `${set.schema}.${ledgerOf(set)}`;
  const [row] = await tx<{ mark: string | null }[]>`
    SELECT obj_description(to_regclass(${table})::oid, 'pg_class') AS mark`;
  if (row?.mark === mark && !options.always) return;
  try {
    await tx.unsafe(`${sql};\nCOMMENT ON TABLE ${table} IS '${mark}'`);
  } catch (cause) {
    throw new MigrationError(
      'migration_failed',
      `access to ${set.schema} could not be set: ${cause instanceof Error ? cause.message : String(cause)}`,
      { schema: set.schema, name: 'access.sql' },
      { cause },
    );
  }
}
