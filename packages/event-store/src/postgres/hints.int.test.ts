import postgres from 'postgres';
import { sample } from '../conformance/samples.js';
import { until } from '../conformance/until.js';
import { type Database, openDatabase } from '../database.js';
import type { EventStore } from '../index.js';
import { createTestDatabase, type TestDatabase } from '../testing/index.js';
import { wireTo } from '../testing/wire.js';
import { createPostgresEventStore } from './store.js';

let database: TestDatabase;
let otherPool: Database;
/** As another process. */
let other: EventStore;

beforeAll(async () => {
  database = await createTestDatabase();
  otherPool = openDatabase(database.url, { max: 2 });
  other = createPostgresEventStore(otherPool);
});
afterAll(async () => {
  await other.stop();
  await otherPool.end({ timeout: 5 });
  await database.drop();
});

it('another process is told soon', async () => {
  const store = createPostgresEventStore(database.sql);
  let told = 0;
  const leave = other.onAppended(() => (told += 1));
  await until(() => told > 0); // Connected: looks at once.
  const before = told;
  await store.append(sample.append());
  await until(() => told > before, 2_000);
  leave();
  await store.stop();
});

it('hints are throttled, and the last one is not kept back for ever', async () => {
  const store = createPostgresEventStore(database.sql, { notifyEveryMs: 60_000 });
  const listener = postgres(database.url, { max: 1, onnotice: () => undefined });
  let notified = 0;
  await listener.listen('event_store_appended', () => (notified += 1));
  for (let n = 0; n < 50; n += 1) await store.append(sample.append());
  await until(() => notified === 1);
  await store.stop();
  await until(() => notified === 2);
  await listener.end({ timeout: 1 });
});

it('a reader whose LISTEN was silently dropped still gets what is appended', async () => {
  const wire = await wireTo(database.url);
  const pool = openDatabase(wire.url, { max: 2 });
  const deaf = createPostgresEventStore(pool);
  const writer = createPostgresEventStore(database.sql);
  const seen: string[] = [];
  const subscription = deaf.subscribe({
    subscription: 'deaf',
    holder: 'a',
    pollMs: 300,
    startAt: await other.head(),
    handle: async (page) => void seen.push(...page.map(({ stream }) => stream)),
  });
  const heard = sample.append();
  await writer.append(heard);
  await until(() => seen.includes(heard.stream), 3_000);
  let hints = 0;
  deaf.onAppended(() => (hints += 1));
  wire.deafen();
  const unheard = sample.append();
  await writer.append(unheard);
  await until(() => seen.includes(unheard.stream), 3_000);
  expect(hints).toBe(0);
  await subscription.stop();
  await deaf.stop();
  await writer.stop();
  await pool.end({ timeout: 1 });
  await wire.stop();
});

it('a session that listens and is ended by the server listens again, and looks at once', async () => {
  const writer = createPostgresEventStore(database.sql);
  const admin = openDatabase(database.superuserUrl, { max: 1 });
  let told = 0;
  const leave = other.onAppended(() => (told += 1));
  const listening = (): Promise<{ pid: number }[]> =>
    admin<{ pid: number }[]>`
      SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN event_store_appended%' AND datname = current_database()`;
  await until(async () => (await listening()).length === 1);
  const [before] = await listening();
  const toldBefore = told;
  await admin`SELECT pg_terminate_backend(${before?.pid ?? 0})`;
  await until(() => told > toldBefore, 5_000); // What was sent meanwhile is gone: it looks.
  const toldAgain = told;
  await writer.append(sample.append());
  await until(() => told > toldAgain, 5_000);
  leave();
  await writer.stop();
  await admin.end({ timeout: 5 });
});
