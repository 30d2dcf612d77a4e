import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { sample } from '../conformance/samples.js';
import { databaseRoles } from '../migrations/index.js';
import { createTestDatabase, innerPlans, stepsOf, type TestDatabase } from '../testing/index.js';
import { createPostgresEventStore } from './store.js';

let database: TestDatabase;
beforeAll(async () => void (database = await createTestDatabase()));
afterAll(() => database.drop());

it('reads at once are each answered with their own stream, beyond their own version, in a few statements', async () => {
  const statements: string[] = [];
  const sql = postgres(database.url, {
    fetch_types: false,
    debug: (_, statement) => void statements.push(statement),
  });
  const store = createPostgresEventStore(sql);
  try {
    const requests = Array.from({ length: 40 }, (_, n) =>
      sample.append({ events: Array.from({ length: (n % 5) + 1 }, () => sample.progress()) }),
    );
    await store.appendMany(requests);
    statements.length = 0;
    const [nothing, ...found] = await Promise.all([
      store.readStream(randomUUID()),
      ...requests.map(async ({ stream }, n) => store.readStream(stream, { after: n % 2 })),
    ]);
    expect(nothing).toEqual([]);
    for (const [n, request] of requests.entries()) {
      const wanted = request.events.map(({ id }, before) => [request.stream, before + 1, id]).slice(n % 2);
      expect(found[n]?.map(({ stream, version, id }) => [stream, version, id])).toEqual(wanted);
    }
    expect(statements.filter((statement) => statement.includes('event_store.events'))).toHaveLength(1);
  } finally {
    await store.stop();
    await sql.end();
  }
});

it('one stream that cannot be read fails alone', async () => {
  const store = createPostgresEventStore(database.sql);
  try {
    const [bad, good] = [sample.append(), sample.append()];
    await store.appendMany([bad, good]);
    await database.superuser`UPDATE event_store.events SET schema_version = 99 WHERE stream = ${bad.stream}`;
    const [first, second] = await Promise.allSettled([
      store.readStream(bad.stream),
      store.readStream(good.stream),
    ]);
    expect(first).toMatchObject({ status: 'rejected', reason: { code: 'unreadable_event' } });
    expect(second.status === 'fulfilled' && second.value).toHaveLength(1);
  } finally {
    await store.stop();
  }
});

it('walks the primary key for each, by a plan that was made while the log was empty too', async () => {
  const empty = await createTestDatabase();
  try {
    const plans = await innerPlans(empty, databaseRoles.worker, async (session) => {
      // As a plan that is kept for any parameters.
      await session`SET plan_cache_mode = force_generic_plan`;
      const store = createPostgresEventStore(session);
      await Promise.all(Array.from({ length: 8 }, async () => store.readStream(randomUUID())));
      await store.stop();
    });
    const read = plans.findLast(({ statement }) => statement.includes('ORDINALITY'));
    const scans =
      read === undefined ? [] : stepsOf(read.plan).filter(({ relation }) => relation === 'events');
    expect(scans.map(({ index }) => index)).toEqual(['events_pkey']);
    expect(scans[0]?.indexCondition).toMatch(/stream = .*version > /);
  } finally {
    await empty.drop();
  }
});
