import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openDatabase } from '../database.js';
import { createPostgresEventStore } from '../postgres/store.js';
import { sample } from '../conformance/samples.js';
import { createTestDatabase, startDebianPostgres } from '../testing/index.js';
import { databaseRoles, eventStoreMigrations, migrate, openMigrated } from './index.js';

it('a login that may not act as its role is refused in one line that says what to do', async () => {
  const database = await createTestDatabase();
  const login = `login_${randomBytes(4).toString('hex')}`;
  try {
    await database.superuser.unsafe(`CREATE ROLE ${login} LOGIN PASSWORD 'p'`);
    const url = Object.assign(new URL(database.url), { username: login, password: 'p' }).href;
    const open = () => openMigrated(url, [eventStoreMigrations], { role: databaseRoles.api });
    await expect(open()).rejects.toMatchObject({
      code: 'role_missing',
      message: `the database user ${login} may not act as darkroom_api: as the owner, GRANT darkroom_api TO ${login}`,
    });
    await database.superuser.unsafe(`GRANT darkroom_api TO ${login}`);
    const sql = await open();
    expect(await sql`SELECT current_user::text AS acts`).toEqual([{ acts: 'darkroom_api' }]);
    await sql.end();
  } finally {
    await database.superuser.unsafe(`DROP ROLE IF EXISTS ${login}`);
    await database.drop();
  }
});

it('access that was changed by hand stays until it is set anew', async () => {
  const database = await createTestDatabase();
  const owner = openDatabase(database.ownerUrl, { max: 1 });
  try {
    const mayDelete = async (): Promise<boolean> => {
      const [row] = await owner<{ may: boolean }[]>`
        SELECT has_table_privilege('darkroom_worker', 'event_store.events', 'DELETE') AS may`;
      return row?.may === true;
    };
    await owner`GRANT DELETE ON event_store.events TO darkroom_worker`;
    await migrate(owner, [eventStoreMigrations]);
    expect(await mayDelete()).toBe(true);
    await migrate(owner, [eventStoreMigrations], { resetAccess: true });
    expect(await mayDelete()).toBe(false);
  } finally {
    await owner.end();
    await database.drop();
  }
});

it('a migration sees the rows that the owner does not see otherwise', async () => {
  const database = await createTestDatabase();
  const owner = openDatabase(database.ownerUrl, { max: 1 });
  const store = createPostgresEventStore(database.sql);
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-access-'));
  try {
    await store.append(sample.append());
    expect(await owner`SELECT FROM event_store.events`).toHaveLength(0);
    writeFileSync(
      join(folder, '0001_seen.sql'),
      'CREATE TABLE {{schema}}.seen AS SELECT count(*)::int AS n FROM event_store.events',
    );
    await migrate(owner, [{ schema: 'later', directory: pathToFileURL(`${folder}/`) }]);
    expect(await owner`SELECT n FROM later.seen`).toEqual([{ n: 1 }]);
  } finally {
    await store.stop();
    await owner.end();
    await database.drop();
    rmSync(folder, { recursive: true });
  }
});

it('an owner that may not make roles is told so, and all works without them; once they are there, they are used', async () => {
  const cluster = await startDebianPostgres();
  const admin = openDatabase(Object.assign(new URL(cluster.superuserUrl), { pathname: '/darkroom' }).href);
  const owner = openDatabase(cluster.ownerUrl, { max: 1 });
  try {
    await admin.unsafe('DROP ROLE darkroom_api; DROP ROLE darkroom_worker');
    const lines: string[] = [];
    const log = (line: string): void => void lines.push(line);
    await migrate(owner, [eventStoreMigrations], { log });
    expect(lines.at(-1)).toMatch(/may not create the roles darkroom_api and darkroom_worker/);
    const open = () => openMigrated(cluster.ownerUrl, [eventStoreMigrations], { role: databaseRoles.worker });
    const without = await open();
    const store = createPostgresEventStore(without);
    expect((await store.append(sample.append())).outcome).toBe('appended');
    await store.stop();
    await without.end();

    await admin.unsafe('ALTER ROLE darkroom_owner CREATEROLE');
    lines.length = 0;
    await migrate(owner, [eventStoreMigrations], { log });
    expect(lines).toEqual([]);
    expect(await owner`SELECT FROM event_store.events`).toHaveLength(0);
    expect(await admin`SELECT FROM event_store.events`).toHaveLength(1);
  } finally {
    await Promise.all([owner.end(), admin.end()]);
    await cluster.stop();
  }
});
