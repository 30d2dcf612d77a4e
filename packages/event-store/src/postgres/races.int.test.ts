import { randomUUID } from 'node:crypto';
import { sample } from '../conformance/samples.js';
import { until } from '../conformance/until.js';
import { openDatabase } from '../database.js';
import { createPostgresEventStore, type RowWrite } from '../index.js';
import { createTestDatabase, type TestDatabase } from '../testing/index.js';

/** Both stand here, each with its first row locked, until the test lets them on. */
const gate = 4_711;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.superuser`CREATE TABLE public.rows (id uuid PRIMARY KEY, moves int NOT NULL DEFAULT 0)`;
  await database.superuser`GRANT ALL ON public.rows TO darkroom_worker`;
});
afterAll(() => database.drop());

async function makeRow(): Promise<string> {
  const id = randomUUID();
  await database.sql`INSERT INTO public.rows (id) VALUES (${id})`;
  return id;
}
async function movesOf(...ids: readonly string[]): Promise<number[]> {
  const rows = await database.sql<{ id: string; moves: number }[]>`SELECT id, moves FROM public.rows`;
  return ids.map((id) => rows.find((row) => row.id === id)?.moves ?? Number.NaN);
}

it('two appends that lock the same rows in opposite order are both written, once each', async () => {
  const [one, other] = [await makeRow(), await makeRow()];
  // Two stores: what one asks for at once would be one batch, and a batch is not its own rival.
  const stores = [createPostgresEventStore(database.sql), createPostgresEventStore(database.sql)] as const;
  let tries = 0;
  // One member alone: a batch that failed is tried again by its members in any case.
  const crosswise = (first: string, second: string): RowWrite => ({
    postgres(tx) {
      tries += 1;
      return tx`
        WITH first AS (UPDATE public.rows SET moves = moves + 1 WHERE id = ${first} RETURNING id),
             gate AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(${gate}) FROM first)
        UPDATE public.rows SET moves = moves + 1 FROM gate WHERE id = ${second}`;
    },
  });
  const requests = [
    sample.append({ with: crosswise(one, other) }),
    sample.append({ with: crosswise(other, one) }),
  ] as const;
  const admin = await database.superuser.reserve();
  try {
    await admin`SELECT pg_advisory_lock(${gate})`;
    const outcomes = Promise.all([stores[0].append(requests[0]), stores[1].append(requests[1])]);
    outcomes.catch(() => undefined);
    await until(async () => {
      const waiting = await admin`
        SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = ${gate} AND NOT granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
      return waiting.length === 2;
    });
    await admin`SELECT pg_advisory_unlock(${gate})`;

    expect(await outcomes).toEqual([
      { outcome: 'appended', version: 1 },
      { outcome: 'appended', version: 1 },
    ]);
  } finally {
    await admin`SELECT pg_advisory_unlock_all()`;
    admin.release();
  }
  // The two, and the one that Postgres chose to fail.
  expect(tries).toBe(3);
  expect(await movesOf(one, other)).toEqual([2, 2]);
  for (const { stream } of requests) expect(await stores[0].readStream(stream)).toHaveLength(1);
  await Promise.all(stores.map((store) => store.stop()));
});

it('an append that Postgres could not serialize is written by its next try, once', async () => {
  const row = await makeRow();
  // Where an operator made the stricter isolation the default.
  const strict = openDatabase(`${database.url}?default_transaction_isolation=repeatable%20read`, { max: 2 });
  const store = createPostgresEventStore(strict);
  let tries = 0;
  const request = sample.append({
    with: {
      postgres(tx) {
        tries += 1;
        return tx`UPDATE public.rows SET moves = moves + 1 WHERE id = ${row}`;
      },
    },
  });
  let outcome: Promise<unknown> | undefined;
  await database.sql.begin(async (tx) => {
    await tx`UPDATE public.rows SET moves = moves + 1 WHERE id = ${row}`;
    outcome = store.append(request);
    outcome.catch(() => undefined);
    // Its snapshot is older than the end of this transaction.
    await until(async () => {
      const waiting = await database.superuser`
        SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      return waiting.length === 1;
    });
  });
  expect(await outcome).toEqual({ outcome: 'appended', version: 1 });
  expect(tries).toBe(2);
  expect(await movesOf(row)).toEqual([2]);
  expect(await store.readStream(request.stream)).toHaveLength(1);
  await store.stop();
  await strict.end({ timeout: 1 });
});
