import { openDatabase } from '@darkroom/event-store';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import { until } from './until.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
});

it('a pool whose backends are terminated under load rejects what was under way, ends no process, and heals', async () => {
  const sql = openDatabase(database.url, { applicationName: 'victim', max: 8 });
  const over = new AbortController();
  let failed = 0;
  let done = 0;
  const work = async (n: number): Promise<void> => {
    while (!over.signal.aborted) {
      try {
        if (n % 2 === 0) await sql`select ${n}::int`;
        else
          await sql.begin(async (tx) => {
            await tx`select ${n}::int`;
            // The next statement comes a turn of the loop later: its socket may be gone by then.
            await new Promise((resolve) => setImmediate(resolve));
            await tx`select ${n}::int + 1`;
          });
        done += 1;
      } catch {
        failed += 1;
      }
    }
  };
  const working = Array.from({ length: 32 }, (_, n) => work(n));
  for (let round = 0; round < 40; round += 1) {
    const before = done;
    await database.superuser`
      select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'victim'`;
    await until('work goes on', 10, async () => (done > before + 8 ? true : undefined));
  }
  over.abort();
  await Promise.all(working);
  expect(failed).toBeGreaterThan(0);
  // Every place of the pool is of use again: none was left with a buffer that is never sent, or with a transaction that is over.
  const answers = await Promise.all(
    Array.from({ length: 64 }, () => sql<{ pid: number }[]>`select pg_backend_pid() as pid, pg_sleep(0.02)`),
  );
  expect(new Set(answers.map(([row]) => row?.pid)).size).toBe(8);
  await sql.end({ timeout: 5 });
});
