import { createTestDatabase, type TestDatabase } from './index.js';

const made: TestDatabase[] = [];
afterAll(() => Promise.all(made.map((database) => database.drop())));

it('gives every caller a migrated database of its own', async () => {
  const first = await createTestDatabase();
  const second = await createTestDatabase();
  made.push(first, second);
  await first.sql`INSERT INTO event_store.checkpoints (subscription, tx, position) VALUES ('s', '0', 0)`;
  expect(await second.sql`SELECT * FROM event_store.checkpoints`).toHaveLength(0);
});

it('is on the Postgres that was asked for', async () => {
  const database = await createTestDatabase();
  made.push(database);
  const [row] = await database.sql<
    { version: string }[]
  >`SELECT current_setting('server_version_num') AS version`;
  const asked = process.env['DARKROOM_TEST_POSTGRES'] === undefined ? 18 : 15;
  expect(Math.floor(Number(row?.version) / 10_000)).toBe(asked);
});
