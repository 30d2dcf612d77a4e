import { setTimeout as pause } from 'node:timers/promises';
import { openDatabase } from '@darkroom/event-store';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import { oldestTransaction } from './watch-database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it('tells for how long a transaction of another login has been open, and nothing once it has ended', async () => {
  let now = 0;
  const oldest = oldestTransaction(database.sql, () => now);
  // The clients' API logs in as somebody of whom background services are told nothing.
  const intake = openDatabase(database.apiUrl, { max: 1 });
  let end = (): void => undefined;
  let id = '';
  const open = new Promise<void>((resolve) => (end = resolve));
  const began = intake.begin(async (tx) => {
    const [row] = await tx<{ id: string }[]>`SELECT pg_current_xact_id()::text AS id`;
    id = row?.id ?? '';
    await open;
  });
  const isOldest = async (): Promise<boolean> => {
    const [row] = await database.sql<{ is: boolean }[]>`
      SELECT pg_snapshot_xmin(pg_current_snapshot())::text = ${id} AS is`;
    return id !== '' && row?.is === true;
  };
  try {
    // Other tests share the server: what is older than ours ends soon.
    const opened = performance.now() + 20_000;
    while (!(await isOldest()) && performance.now() < opened) await pause(20);
    await oldest();
    now = 7_000;
    expect(await oldest()).toBe(7);
    end();
    await began;
    const bound = performance.now() + 10_000;
    while ((await oldest()) >= 7 && performance.now() < bound) await pause(50);
    expect(await oldest()).toBeLessThan(7);
  } finally {
    end();
    await intake.end({ timeout: 5 });
  }
});
