import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Database, openDatabase } from '../database.js';
import { createTestDatabase, type TestDatabase } from '../testing/index.js';
import { assertMigrated, migrate, type MigrationSet } from './index.js';

let database: TestDatabase;
let owner: Database;
const folder = mkdtempSync(join(tmpdir(), 'darkroom-migrations-'));

beforeAll(async () => {
  database = await createTestDatabase();
  owner = openDatabase(database.ownerUrl, { max: 4 });
});
afterAll(async () => {
  await owner.end({ timeout: 5 });
  await database.drop();
  rmSync(folder, { recursive: true });
});

let sets = 0;
/** A set of the given files in a schema of its own, or in the one that is named. */
function setOf(files: Record<string, string>, more: Partial<MigrationSet> = {}): MigrationSet {
  sets += 1;
  const directory = join(folder, String(sets));
  mkdirSync(directory);
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(directory, name), sql);
  return { schema: `s${sets}`, directory: pathToFileURL(`${directory}/`), ...more };
}

it('runs what is missing, once, whoever else does it at the same time', async () => {
  const files = {
    '0001_one.sql': 'CREATE TABLE {{schema}}.one (n int)',
    '0002_two.sql': 'INSERT INTO {{schema}}.one VALUES (1)',
  };
  const set = setOf(files);
  const lines: string[] = [];
  await Promise.all([1, 2, 3, 4].map(() => migrate(owner, [set], { log: (line) => void lines.push(line) })));
  expect(lines).toEqual([`Migrating ${set.schema}: 0001_one.sql`, `Migrating ${set.schema}: 0002_two.sql`]);
  expect(await database.sql`SELECT n FROM ${database.sql(`${set.schema}.one`)}`).toHaveLength(1);
  await assertMigrated(database.sql, [set]);
});

it('says what is missing, to who may not migrate', async () => {
  const set = setOf({ '0001_one.sql': 'SELECT 1' });
  await expect(assertMigrated(database.sql, [set])).rejects.toMatchObject({ code: 'migrations_missing' });
});

it('keeps a file and its entry together: one that fails leaves nothing', async () => {
  const set = setOf({ '0001_bad.sql': 'CREATE TABLE {{schema}}.half (n int); SELECT 1 / 0' });
  await expect(migrate(owner, [set])).rejects.toMatchObject({
    code: 'migration_failed',
    facts: { name: '0001_bad.sql' },
  });
  expect(await owner`SELECT to_regclass(${`${set.schema}.half`}) AS half`).toEqual([{ half: null }]);
});

it('refuses a file that was changed after it ran, and a database from the future', async () => {
  const { schema } = setOf({});
  await migrate(owner, [setOf({ '0001_one.sql': 'SELECT 1', '0002_two.sql': 'SELECT 2' }, { schema })]);
  const changed = setOf({ '0001_one.sql': 'SELECT 1', '0002_two.sql': 'SELECT 3' }, { schema });
  await expect(migrate(owner, [changed])).rejects.toMatchObject({ code: 'migration_changed' });
  const older = setOf({ '0001_one.sql': 'SELECT 1' }, { schema });
  await expect(migrate(owner, [older])).rejects.toMatchObject({ code: 'database_newer' });
  await expect(assertMigrated(database.sql, [older])).rejects.toMatchObject({ code: 'database_newer' });
});

it('lets two sets share a schema, each with a ledger of its own', async () => {
  const own = setOf({ '0001_own.sql': 'CREATE TABLE {{schema}}.own (n int)' });
  const shared = { schema: own.schema, ledger: 'shared_migrations' };
  const jobs = setOf({ '0001_jobs.sql': 'CREATE TABLE {{schema}}.jobs (n int)' }, shared);
  await migrate(owner, [own, jobs]);
  await migrate(owner, [jobs, own]);
  await assertMigrated(database.sql, [own, jobs]);
});

it.each([
  ['a gap', { '0001_one.sql': '', '0003_three.sql': '' }, {}],
  ['a name that is none', { 'one.sql': '' }, {}],
  ['a variable that nobody gave', { '0001_one.sql': '{{what}}' }, {}],
  ['a schema that is no identifier', { '0001_one.sql': '' }, { schema: 'a; DROP' }],
])('refuses a set with %s', async (_, files, more) => {
  await expect(migrate(owner, [setOf(files, more)])).rejects.toMatchObject({ code: 'malformed_set' });
});
