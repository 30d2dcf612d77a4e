import { randomUUID } from 'node:crypto';
import {
  createPostgresEventStore,
  databaseRoles,
  type EventStore,
  type NewEvent,
} from '@darkroom/event-store';
import { createTestDatabase, innerPlans, stepsOf, type TestDatabase } from '@darkroom/event-store/testing';
import { readModelMigrations } from '../migrations.js';
import { sampleEvent } from '../testing/index.js';
import { feedSubscription, projectFeed } from './project-feed.js';
import { feedHead, feedPage, readFeed, readFeeds } from './read-feed.js';

describe("a tenant's feed", () => {
  let database: TestDatabase;
  let store: EventStore;

  beforeAll(async () => {
    database = await createTestDatabase({ migrations: [readModelMigrations] });
    store = createPostgresEventStore(database.sql);
  });
  afterAll(async () => {
    await store.stop();
    await database.drop();
  });

  const append = async (tenant: string, stream: string, expected: number, event: NewEvent): Promise<void> => {
    const outcome = await store.append({
      stream,
      expected,
      events: [event],
      metadata: { tenant, actor: 'service:test' },
      by: 'intake',
    });
    expect(outcome.outcome).toBe('appended');
  };

  /** What the projection's subscription does with a page, without its process. */
  const projectAll = async (): Promise<void> => {
    const lease = await store.checkpoints.acquire(feedSubscription, randomUUID(), 1);
    if (!lease) throw new Error('the lease is held');
    const page = await store.readAll({ after: lease.cursor, limit: 500 });
    await database.sql.begin(async (tx) => {
      await projectFeed(tx, page.events);
      await store.checkpoints.advance(feedSubscription, lease.fencing, page.cursor, tx);
    });
    await store.checkpoints.release(feedSubscription, lease.fencing);
  };

  it('shows allow-listed events and fields of its own tenant, in the order of the log', async () => {
    const [mine, theirs] = [randomUUID(), randomUUID()];
    await append('feed-a', mine, 0, sampleEvent('GenerationRequested', { prompt: 'a red bicycle' }));
    await append('feed-b', theirs, 0, sampleEvent('GenerationRequested', { prompt: 'a blue one' }));
    await append('feed-a', mine, 1, sampleEvent('SubmissionStarted'));
    await append('feed-a', mine, 2, sampleEvent('PaidOrphanRecorded'));
    await projectAll();

    const answer = await readFeed({ sql: database.sql, store }, { tenant: 'feed-a', after: null, limit: 10 });
    if (answer.outcome !== 'page') throw new Error(answer.outcome);
    expect(answer.events.map(({ type, version, generation }) => [type, version, generation])).toEqual([
      ['GenerationRequested', 1, mine],
      ['SubmissionStarted', 2, mine],
    ]);
    expect(JSON.stringify(answer.events)).not.toMatch(/bicycle|reference-1|sim-account/);
    expect(answer.events[1]?.data).toEqual({ run: 1, attempt: 1, model: 'sim/standard' });
  });

  it('resumes after a cursor, filters by type, and keeps the place where nothing is new', async () => {
    const ports = { sql: database.sql, store };
    const stream = randomUUID();
    await append('feed-c', stream, 0, sampleEvent('GenerationRequested', { prompt: 'one' }));
    await append('feed-c', stream, 1, sampleEvent('SubmissionStarted'));
    await projectAll();
    const first = await readFeed(ports, { tenant: 'feed-c', after: null, limit: 1 });
    if (first.outcome !== 'page') throw new Error(first.outcome);
    const second = await readFeed(ports, { tenant: 'feed-c', after: first.cursor, limit: 10 });
    if (second.outcome !== 'page') throw new Error(second.outcome);
    expect(second.events.map((event) => event.type)).toEqual(['SubmissionStarted']);
    const third = await readFeed(ports, { tenant: 'feed-c', after: second.cursor, limit: 10 });
    expect(third).toEqual({ outcome: 'page', events: [], cursor: second.cursor });
    const filtered = await readFeed(ports, {
      tenant: 'feed-c',
      after: null,
      limit: 10,
      types: ['SubmissionStarted'],
    });
    expect(filtered.outcome === 'page' && filtered.events.map((event) => event.version)).toEqual([2]);
  });

  it('tells a cursor of another system from one of its own', async () => {
    const ports = { sql: database.sql, store };
    expect(await readFeed(ports, { tenant: 'feed-c', after: 'nonsense', limit: 1 })).toEqual({
      outcome: 'malformed',
    });
    expect(await readFeed(ports, { tenant: 'feed-c', after: 'f'.repeat(32), limit: 1 })).toEqual({
      outcome: 'ahead',
    });
  });

  it('takes a page twice without changing anything', async () => {
    const before = await database.sql`select * from read_models.feed_v1 order by tenant, cursor`;
    const page = await store.readAll({ after: store.origin, limit: 500 });
    await database.sql.begin((tx) => projectFeed(tx, page.events));
    expect(await database.sql`select * from read_models.feed_v1 order by tenant, cursor`).toEqual(before);
  });

  it('reads several tenants at once, each after its own place', async () => {
    const head = await feedHead({ store });
    const stream = randomUUID();
    await append('feed-a', stream, 0, sampleEvent('GenerationRequested', { prompt: 'new' }));
    await projectAll();
    const events = await readFeeds(
      database.sql,
      [
        { tenant: 'feed-a', after: head },
        { tenant: 'feed-b', after: store.origin },
        { tenant: 'feed-c', after: head },
      ],
      10,
    );
    expect(events.map(({ tenant, type }) => [tenant, type])).toEqual([
      ['feed-a', 'GenerationRequested'],
      ['feed-b', 'GenerationRequested'],
    ]);
    expect(await readFeeds(database.sql, [], 10)).toEqual([]);
  });

  it('walks its key and nothing else', async () => {
    await database.superuser`analyze read_models.feed_v1`;
    const plans = await innerPlans(database, databaseRoles.api, async (sql) => {
      await sql`set enable_seqscan = off`;
      await feedPage(sql, { tenant: 'feed-a', limit: 10 }, store.origin);
    });
    const inner = plans.find(({ statement }) => statement.includes('from read_models.feed_v1'));
    if (inner === undefined) throw new Error('the inner query was not seen');
    const steps = stepsOf(inner.plan);
    expect(steps.map(({ type }) => type).filter((type) => type !== 'Result')).toEqual([
      'Limit',
      'Index Scan',
    ]);
    expect(steps.at(-1)).toMatchObject({ index: 'feed_v1_pkey' });
    expect(steps.at(-1)?.indexCondition).toMatch(/tenant = .*cursor > /);
  });
});
