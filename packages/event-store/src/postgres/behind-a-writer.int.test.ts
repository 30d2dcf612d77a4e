import type postgres from 'postgres';
import { sample } from '../conformance/samples.js';
import { until } from '../conformance/until.js';
import { type Database, openDatabase } from '../database.js';
import { type AppendRequest, createPostgresEventStore, type EventStore } from '../index.js';
import { storableAppend, storableCreate } from '../storable.js';
import { createTestDatabase, type TestDatabase } from '../testing/index.js';

let database: TestDatabase;
/** Of the one who comes second: its sessions have a name of their own. */
let pool: Database;
let store: EventStore;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = openDatabase(database.url, { applicationName: 'second' });
  store = createPostgresEventStore(pool);
});
afterAll(async () => {
  await store.stop();
  await pool.end({ timeout: 5 });
  await database.drop();
});

const appendIn = (tx: postgres.TransactionSql, request: AppendRequest) =>
  tx`SELECT FROM event_store.append(${`[{"i":0,${storableAppend(request, undefined).json}}]`}::text::jsonb)`;

/** The second session is seen to wait for a lock that the first holds. */
const waitsForLock = (): Promise<void> =>
  until(async () => {
    const waiting = await database.sql`
      SELECT FROM pg_stat_activity
      WHERE application_name = 'second' AND wait_event_type = 'Lock' AND wait_event = 'advisory'
        AND datname = current_database()`;
    return waiting.length === 1;
  });

/** Asks while the writer's transaction is open, and gives the answer that comes once it has ended. */
async function behind<T>(
  write: (tx: postgres.TransactionSql) => Promise<unknown>,
  ask: () => Promise<T>,
  end: 'commit' | 'roll back' = 'commit',
): Promise<T> {
  const rolledBack = new Error('as asked');
  let asked: Promise<T> | undefined;
  await database.sql
    .begin(async (tx) => {
      await write(tx);
      asked = ask();
      await waitsForLock();
      if (end === 'roll back') throw rolledBack;
    })
    .catch((error: unknown) => {
      if (error !== rolledBack) throw error;
    });
  if (asked === undefined) throw new Error('nothing was asked');
  return asked;
}

describe('an append behind a writer that has not committed yet', () => {
  it('of the same event finds it, and does not write it again', async () => {
    const request = sample.append();
    const answer = await behind(
      (tx) => appendIn(tx, request),
      () => store.append(request),
    );
    expect(answer).toEqual({ outcome: 'already-appended', version: 1 });
    expect(await store.readStream(request.stream)).toHaveLength(1);
  });

  it('of another event at the same version is told the version that there is by now', async () => {
    const first = sample.append();
    const answer = await behind(
      (tx) => appendIn(tx, first),
      () => store.append(sample.append({ stream: first.stream })),
    );
    expect(answer).toEqual({ outcome: 'conflict', actual: 1 });
  });

  it('of another event at any version stands behind it', async () => {
    const first = sample.append();
    const second = sample.append({ stream: first.stream, expected: 'any' });
    const answer = await behind(
      (tx) => appendIn(tx, first),
      () => store.append(second),
    );
    expect(answer).toEqual({ outcome: 'appended', version: 2 });
    const events = await store.readStream(first.stream);
    expect(events.map(({ id }) => id)).toEqual([...first.events, ...second.events].map(({ id }) => id));
    const [before, after] = events;
    expect((before?.cursor ?? '') < (after?.cursor ?? '')).toBe(true);
  });

  it('that rolls back is the first', async () => {
    const request = sample.append();
    const answer = await behind(
      (tx) => appendIn(tx, request),
      () => store.append(request),
      'roll back',
    );
    expect(answer).toEqual({ outcome: 'appended', version: 1 });
  });
});

describe('a create behind a writer of the same key that has not committed yet', () => {
  const createIn = (tx: postgres.TransactionSql, request: ReturnType<typeof sample.create>) =>
    tx`SELECT FROM event_store.create_streams(${`[{"i":0,${storableCreate(request, undefined).json}}]`}::text::jsonb)`;

  it('is answered with the stream that the writer started', async () => {
    const first = sample.create();
    const answer = await behind(
      (tx) => createIn(tx, first),
      () => store.create({ ...first, stream: sample.stream(), event: sample.requested() }),
    );
    expect(answer).toMatchObject({ outcome: 'replayed', stream: first.stream });
  });

  it('with another request is a mismatch', async () => {
    const first = sample.create();
    const answer = await behind(
      (tx) => createIn(tx, first),
      () => store.create({ ...first, stream: sample.stream(), fingerprint: 'another' }),
    );
    expect(answer).toEqual({ outcome: 'mismatch', stream: first.stream });
  });

  it('that rolls back starts its own', async () => {
    const first = sample.create();
    const second = { ...first, stream: sample.stream(), event: sample.requested() };
    const answer = await behind(
      (tx) => createIn(tx, first),
      () => store.create(second),
      'roll back',
    );
    expect(answer).toMatchObject({ outcome: 'created', stream: second.stream });
  });
});
