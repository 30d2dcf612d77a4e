import { setTimeout as pause } from 'node:timers/promises';
import { sample } from '../conformance/samples.js';
import { type Database, openDatabase } from '../database.js';
import { createPostgresEventStore, type EventStore, EventStoreError } from '../index.js';
import { createTestDatabase, type TestDatabase } from '../testing/index.js';
import { type Wire, wireTo } from '../testing/wire.js';

const writers = 8;
const fewestAppends = 80;
const fewestCuts = 201;

let database: TestDatabase;
let wire: Wire;
let admin: Database;
let pool: Database;
let store: EventStore;
let direct: EventStore;

beforeAll(async () => {
  database = await createTestDatabase();
  wire = await wireTo(database.url);
  admin = openDatabase(database.superuserUrl, { max: 1 });
  pool = openDatabase(wire.url, { max: 4, applicationName: 'to be cut' });
  store = createPostgresEventStore(pool, { settleTimeoutMs: 400 });
  direct = createPostgresEventStore(database.sql);
});
afterAll(async () => {
  await store.stop();
  await direct.stop();
  await pool.end({ timeout: 1 });
  await wire.stop();
  await admin.end({ timeout: 5 });
  await database.drop();
});

type Told = 'appended' | 'already-appended' | 'store_unavailable' | 'outcome_unknown';

const attempt = async (request: ReturnType<typeof sample.append>): Promise<Told> => {
  try {
    const { outcome } = await store.append(request);
    if (outcome === 'appended' || outcome === 'already-appended') return outcome;
    throw new Error(`a wrong answer: ${outcome}`);
  } catch (error) {
    if (!(error instanceof EventStoreError)) throw error;
    if (error.code === 'store_unavailable' || error.code === 'outcome_unknown') return error.code;
    throw error;
  }
};

/**
 * Appends one after another, each with the exact version, and asks again with the same ids until it knows; so many times, and on
 * while there is more to come.
 * @returns how many it appended
 */
async function write(stream: string, told: Map<Told, number>, goesOn: () => boolean): Promise<number> {
  let version = 0;
  for (; version < fewestAppends || goesOn(); version += 1) {
    const request = sample.append({ stream, expected: version === 0 ? 'none' : version });
    const [{ id } = { id: '' }] = request.events;
    for (;;) {
      const answer = await attempt(request);
      told.set(answer, (told.get(answer) ?? 0) + 1);
      const written = (await direct.readStream(stream)).filter((event) => event.id === id).length;
      if (answer === 'store_unavailable') expect(written).toBe(0);
      else if (answer !== 'outcome_unknown') {
        expect(written).toBe(1);
        break;
      }
    }
  }
  return version;
}

it('connections cut before, in and after commits, hundreds of times: each append is there once, and no answer is wrong', async () => {
  const told = new Map<Told, number>();
  let cuts = 0;
  const writing = new AbortController();
  const cutting = (async () => {
    while (!writing.signal.aborted) {
      await pause(Math.random() * 60);
      cuts += 1;
      if (cuts % 2 === 0) wire.snap();
      else if (cuts % 5 === 0) wire.loseAnswers(1);
      else
        await admin`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'to be cut'`;
    }
  })();
  const streams = Array.from({ length: writers }, () => sample.stream());
  const appended = await Promise.all(
    streams.map(async (stream) => write(stream, told, () => cuts < fewestCuts)),
  );
  writing.abort();
  await cutting;
  for (const [n, stream] of streams.entries()) {
    const versions = (await direct.readStream(stream)).map(({ version }) => version);
    expect(versions).toEqual(Array.from({ length: appended[n] ?? 0 }, (_, before) => before + 1));
  }
  process.stderr.write(`${cuts} cuts: ${JSON.stringify(Object.fromEntries(told))}\n`);
  // The cuts met commits: some answers were lost and found again.
  expect(told.get('already-appended')).toBeGreaterThan(0);
});
