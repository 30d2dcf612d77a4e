import postgres from 'postgres';
import { sample } from '../conformance/samples.js';
import { until } from '../conformance/until.js';
import { type Database, openDatabase } from '../database.js';
import type { EventStore } from '../index.js';
import { createTestDatabase, type TestDatabase } from '../testing/index.js';
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

it('a reader that gets no hint polls', async () => {
  const silent = createPostgresEventStore(database.sql, { notifyEveryMs: 60_000 });
  await silent.append(sample.append()); // The one hint of this minute.
  const seen: string[] = [];
  const subscription = other.subscribe({
    subscription: 'unhinted',
    holder: 'a',
    pollMs: 20,
    startAt: await other.head(),
    handle: async (page) => void seen.push(...page.map(({ stream }) => stream)),
  });
  const request = sample.append();
  await silent.append(request);
  await until(() => seen.includes(request.stream), 3_000);
  await subscription.stop();
  await silent.stop();
});
