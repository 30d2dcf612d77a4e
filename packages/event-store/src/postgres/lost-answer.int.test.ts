import { sample } from '../conformance/samples.js';
import { type Database, openDatabase } from '../database.js';
import type { EventStore } from '../index.js';
import { createTestDatabase, type TestDatabase } from '../testing/index.js';
import { type Wire, wireTo } from '../testing/wire.js';
import { createPostgresEventStore } from './store.js';

let database: TestDatabase;
let wire: Wire;
let pool: Database;
let store: EventStore;
let direct: EventStore;

beforeAll(async () => {
  database = await createTestDatabase();
  direct = createPostgresEventStore(database.sql);
});
beforeEach(async () => {
  wire = await wireTo(database.url);
  // One connection, on which each case first prepares its statement: else the answer to that is what gets lost.
  pool = openDatabase(wire.url, { max: 1 });
  store = createPostgresEventStore(pool, { settleTimeoutMs: 500, notifyEveryMs: 60_000 });
});
afterEach(async () => {
  wire.mend();
  await store.stop();
  await pool.end({ timeout: 1 });
  await wire.stop();
});
afterAll(async () => {
  await direct.stop();
  await database.drop();
});

/** Until the hint that follows it has been sent on the same connection too. */
const quietly = async (first: Promise<unknown>): Promise<void> => {
  await first;
  await pool`SELECT 1`;
};
const written = async (stream: string): Promise<number> => (await direct.readStream(stream)).length;

describe('a lost answer', () => {
  it('of an append is settled by its event ids: written once, and known', async () => {
    await quietly(store.append(sample.append()));
    wire.loseAnswers(1);
    const request = sample.append();
    expect(await store.append(request)).toEqual({ outcome: 'already-appended', version: 1 });
    expect(await written(request.stream)).toBe(1);
  });

  it('of a create is settled by its key', async () => {
    await quietly(store.create(sample.create()));
    wire.loseAnswers(1);
    const request = sample.create();
    expect(await store.create(request)).toMatchObject({ outcome: 'replayed', stream: request.stream });
    expect(await written(request.stream)).toBe(1);
  });

  it('of a whole batch leaves every one of it written once', async () => {
    await quietly(store.append(sample.append()));
    wire.loseAnswers(1);
    const requests = Array.from({ length: 50 }, () => sample.append());
    const outcomes = await store.appendMany(requests);
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['already-appended']));
    expect(await Promise.all(requests.map(({ stream }) => written(stream)))).toEqual(requests.map(() => 1));
  });

  it('that cannot be asked for again is unknown, not failed; the same request later finds it', async () => {
    await quietly(store.append(sample.append()));
    wire.loseAnswers(10_000);
    const request = sample.append();
    await expect(store.append(request)).rejects.toMatchObject({ code: 'outcome_unknown' });
    wire.loseAnswers(0);
    expect((await store.append(request)).outcome).toBe('already-appended');
    expect(await written(request.stream)).toBe(1);
  });
});

it('says that nothing was written where nothing was sent', async () => {
  await wire.stop();
  const request = sample.append();
  await expect(store.append(request)).rejects.toMatchObject({ code: 'store_unavailable' });
  expect(await written(request.stream)).toBe(0);
});
