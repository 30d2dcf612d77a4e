import { sample } from '../conformance/samples.js';
import { until } from '../conformance/until.js';
import { createPostgresEventStore, type EventStore, type Subscription } from '../index.js';
import { startSubscription } from '../subscription.js';
import { createTestDatabase, type TestDatabase } from '../testing/index.js';

let database: TestDatabase;
let store: EventStore;
const running: Subscription[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  store = createPostgresEventStore(database.sql);
});
afterEach(() => Promise.all(running.splice(0).map(async (one) => one.stop())));
afterAll(async () => {
  await store.stop();
  await database.drop();
});

it('what failed before and has passed does not lengthen the pause after what fails next', async () => {
  let handled = 0;
  let failures = 0;
  const subscription = store.subscribe({
    subscription: 'now-and-then',
    holder: 'one',
    pollMs: 20,
    handle: async () => {
      // Each page once in vain. Were they added up, the last twelve would wait for half a minute.
      if (failures === handled) {
        failures += 1;
        throw new Error('now and then');
      }
      handled += 1;
    },
  });
  running.push(subscription);
  for (let n = 1; n <= 12; n += 1) {
    await store.appendMany([sample.append()]);
    await until(() => handled === n, 5_000);
  }
  expect([handled, failures]).toEqual([12, 12]);
});

it('says that it gets on when the log can be read again, also where there is nothing in it, and as a standby', async () => {
  const told: string[] = [];
  let isAway = true;
  const flaky: EventStore = {
    ...store,
    readAll: async (request) => {
      if (isAway) throw new Error('away');
      return store.readAll(request);
    },
  };
  const request = { subscription: 'idle', pollMs: 20, leaseSeconds: 30, handle: async () => undefined };
  const first = startSubscription(flaky, {
    ...request,
    holder: 'first',
    onError: () => told.push('failed'),
    onWell: () => told.push('well'),
  });
  running.push(first);
  await until(() => told.includes('failed'));
  expect(told).not.toContain('well');
  isAway = false;
  await until(() => told.filter((what) => what === 'well').length >= 3);
  expect(told.slice(told.indexOf('well'))).not.toContain('failed');
  let standsBy = false;
  running.push(store.subscribe({ ...request, holder: 'second', onWell: () => (standsBy = true) }));
  await until(() => standsBy);
});
