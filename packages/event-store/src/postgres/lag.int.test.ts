import { sample } from '../conformance/samples.js';
import { until } from '../conformance/until.js';
import { createTestDatabase, type TestDatabase } from '../testing/index.js';
import { subscriptionLag } from './lag.js';
import { createPostgresEventStore } from './store.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it('is what the checkpoint has not reached, and how old the oldest of it is; none when it has', async () => {
  const store = createPostgresEventStore(database.sql);
  const subscription = 'lagging';
  expect(await subscriptionLag(database.sql, subscription)).toEqual({ events: 0, ageSeconds: 0 });
  await store.append(sample.append());
  const first = await store.head();
  await until(async () => (await subscriptionLag(database.sql, subscription)).ageSeconds > 1);
  await store.append(sample.append());
  // It never began: all of the log is before it.
  const behind = await subscriptionLag(database.sql, subscription);
  expect(behind.events).toBe(2);
  expect(behind.ageSeconds).toBeGreaterThan(1);
  const lease = await store.checkpoints.acquire(subscription, 'test', 5);
  await store.checkpoints.advance(subscription, lease?.fencing ?? 0n, first);
  const after = await subscriptionLag(database.sql, subscription);
  expect(after.events).toBe(1);
  expect(after.ageSeconds).toBeLessThan(behind.ageSeconds);
  await store.checkpoints.advance(subscription, lease?.fencing ?? 0n, await store.head());
  expect(await subscriptionLag(database.sql, subscription)).toEqual({ events: 0, ageSeconds: 0 });
  await store.stop();
});
