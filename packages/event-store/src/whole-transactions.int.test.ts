import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import type postgres from 'postgres';
import { until } from './conformance/until.js';
import { openDatabase } from './database.js';
import { createTestDatabase, type TestDatabase } from './testing/index.js';

let database: TestDatabase;
let sql: postgres.Sql;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.superuser`create table public.notes (text text)`;
  await database.superuser`grant all on public.notes to public`;
});
beforeEach(async () => {
  sql = openDatabase(database.url, { applicationName: 'cut', max: 2 });
  await database.superuser`truncate public.notes`;
});
afterEach(async () => {
  await sql.end({ timeout: 1 });
});
afterAll(async () => {
  await database.drop();
});

const cut = async (): Promise<void> => {
  await database.superuser`
    select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cut'`;
};
/** Backends that answer when all places of the pool are asked at once. */
const placesOf = async (pool: postgres.Sql): Promise<number> => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => pool<{ pid: number }[]>`select pg_backend_pid() as pid, pg_sleep(0.05)`),
  );
  return new Set(answers.map(([row]) => row?.pid)).size;
};
/** Both places are connected anew: the first statement of one that was cut may still be told of it. */
const allPlaces = async (): Promise<void> => until(async () => (await placesOf(sql).catch(() => 0)) === 2);
const notes = async (): Promise<string[]> =>
  (await database.superuser<{ text: string }[]>`select text from public.notes order by text`).map(
    ({ text }) => text,
  );

it('a transaction whose connection was cut writes nothing more when the connection has come back', async () => {
  let lasting: Promise<unknown> = Promise.resolve();
  const transaction: Promise<unknown> = sql.begin((tx) => {
    lasting = (async () => {
      await tx`insert into public.notes values ('first')`;
      await cut();
      await expect(transaction).rejects.toThrow();
      await allPlaces();
      await tx`insert into public.notes values (${'second'})`;
    })();
    return lasting;
  });
  await expect(transaction).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  await expect(lasting).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  // Whatever was sent on either place was sent before this.
  await allPlaces();
  expect(await notes()).toEqual([]);
});

it('a transaction that is over is silent also long after', async () => {
  const cutOff = sql.begin(async (tx) => {
    await tx`select pg_sleep(20)`;
  });
  cutOff.catch(() => undefined);
  await until(async () => {
    const asleep = await database.superuser`
      select from pg_stat_activity where application_name = 'cut' and wait_event = 'PgSleep'`;
    return asleep.length === 1;
  });
  await cut();
  await expect(cutOff).rejects.toThrow();
  await allPlaces();
  const both = ['a', 'b'].map(async (name) =>
    sql.begin(async (tx) => {
      await tx`insert into public.notes values (${`${name} one`})`;
      // Longer than the transaction that was cut is waited for.
      await delay(6_000);
      await tx`insert into public.notes values (${`${name} two`})`;
    }),
  );
  await Promise.all(both);
  expect(await notes()).toEqual(['a one', 'a two', 'b one', 'b two']);
});

it.each([
  ['rollback', 'fails', ['a one', 'a two', 'b one', 'b two']],
  ['commit', 'is done', []],
] as const)(
  'the %s of a transaction that was cut, and whose work then %s, is not that of another',
  async (_, end, expected) => {
    let others: Promise<unknown> = Promise.resolve();
    let isOver: () => void = () => undefined;
    const over = new Promise<void>((resolve) => (isOver = resolve));
    const transaction: Promise<unknown> = sql.begin(async (tx) => {
      await tx`insert into public.notes values ('cut')`;
      await cut();
      await expect(transaction).rejects.toThrow();
      await allPlaces();
      const open: string[] = [];
      const beside = (name: string): Promise<unknown> =>
        sql.begin(async (next) => {
          await next`insert into public.notes values (${`${name} one`})`;
          open.push(name);
          await over;
          // What the driver makes of the end is sent by now, and before this.
          await turn();
          await next`select 1`;
          if (end === 'is done') throw new Error('the other fails');
          await next`insert into public.notes values (${`${name} two`})`;
        });
      others = Promise.allSettled([beside('a'), beside('b')]);
      while (open.length < 2) await delay(5);
      isOver();
      if (end === 'fails') throw new Error('the work fails');
    });
    await expect(transaction).rejects.toThrow();
    await over;
    await others;
    expect(await notes()).toEqual(expected);
  },
);

it('a pool has all its places after any number of cuts', async () => {
  const over = new AbortController();
  let failed = 0;
  const working = Array.from({ length: 6 }, async (_, n) => {
    while (!over.signal.aborted)
      await sql
        .begin(async (tx) => {
          await tx`select ${n}::int`;
          await new Promise((resolve) => setImmediate(resolve));
          await tx`select ${n}::int + 1`;
        })
        .catch(() => (failed += 1));
  });
  for (let round = 0; round < 60; round += 1) {
    await cut();
    await delay(20);
  }
  over.abort();
  await Promise.all(working);
  expect(failed).toBeGreaterThan(0);
  expect(await placesOf(sql)).toBe(2);
});
