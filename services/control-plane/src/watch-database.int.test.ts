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
  const open = new Promise<void>((resolve) => (end = resolve));
  const began = intake.begin(async (tx) => {
    await tx`SELECT pg_current_xact_id()`;
    await open;
  });
  try {
    await pause(200);
    await oldest();
    now = 7_000;
    expect(await oldest()).toBe(7);
    end();
    await began;
    // Other tests share the server: their transactions are short.
    const bound = performance.now() + 10_000;
    while ((await oldest()) >= 7 && performance.now() < bound) await pause(50);
    expect(await oldest()).toBeLessThan(7);
  } finally {
    end();
    await intake.end({ timeout: 5 });
  }
});
