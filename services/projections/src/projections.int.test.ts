import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { mayAppend } from '@darkroom/domain';
import { busMigrations, listParked } from '@darkroom/event-bus';
import { createPostgresEventStore, type EventStore, type NewEvent } from '@darkroom/event-store';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import { createLogger, type RunningService } from '@darkroom/platform';
import {
  detailSubscription,
  feedSubscription,
  findArtifact,
  getGeneration,
  readFeed,
  readModelMigrations,
} from '@darkroom/read-models';
import { sampleEvent } from '@darkroom/read-models/testing';
import { startFeed } from './feed.js';
import { startProjections } from './index.js';

/** Waits on a condition, never longer than 45 s. */
async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 45_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`did not come: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('projections', () => {
  let database: TestDatabase;
  let store: EventStore;
  const running: RunningService[] = [];

  beforeAll(async () => {
    database = await createTestDatabase({ migrations: [busMigrations, readModelMigrations] });
    store = createPostgresEventStore(database.sql, { mayAppend });
  });
  afterEach(async () => {
    for (const service of running.splice(0)) await service.stop();
  });
  afterAll(async () => {
    await store.stop();
    await database.drop();
  });

  const start = async (sweep?: {
    readonly olderThanMs: number;
    readonly everyMs: number;
  }): Promise<RunningService> => {
    const service = await startProjections({
      bus: { kind: 'postgres' },
      databaseUrl: database.url,
      logLevel: 'silent',
      ...(sweep === undefined ? {} : { sweep }),
    });
    running.push(service);
    return service;
  };
  const append = async (stream: string, after: number, events: NewEvent[]): Promise<void> => {
    let version = after;
    for (const event of events) {
      const outcome = await store.append({
        stream,
        expected: version,
        events: [event],
        metadata: { tenant: 'acme', actor: 'service:test' },
        by: mayAppend[event.type][0],
      });
      expect(outcome.outcome).toBe('appended');
      version += 1;
    }
  };
  const requested = async (): Promise<string> => {
    const stream = randomUUID();
    await append(stream, 0, [sampleEvent('GenerationRequested')]);
    return stream;
  };
  const versionOf = async (id: string): Promise<number> => {
    const [row] = await database.sql<{ version: number }[]>`
      select version from read_models.detail_v1 where id = ${id}`;
    return row?.version ?? 0;
  };
  const feedOf = async (after: string | null = null) => {
    const ports = { sql: database.sql, store };
    const answer = await readFeed(ports, { tenant: 'acme', after, limit: 1_000 });
    if (answer.outcome !== 'page') throw new Error(answer.outcome);
    return answer;
  };
  /** As a consumer group whose checkpoint was lost, or a bus that tells everything again. */
  const rewind = () =>
    database.sql`update event_store.checkpoints set tx = '0', position = 0
      where holder is null and subscription = any(${`{${detailSubscription},${feedSubscription}}`}::text[])`;
  const everything = async () => ({
    details: await database.sql`select * from read_models.detail_v1 order by id`,
    counts: await database.sql`select * from read_models.counts_v1 where n <> 0 order by tenant, status`,
    images: await database.sql`select * from read_models.artifact_v1 order by id`,
    feed: await database.sql`select * from read_models.feed_v1 order by tenant, cursor`,
  });
  const caughtUp = async (): Promise<boolean> => {
    const head = await store.head();
    const reached = await Promise.all(
      [detailSubscription, feedSubscription].map((name) => store.checkpoints.read(name)),
    );
    return reached.every((cursor) => cursor === head);
  };

  it('write what was appended before and after they started', async () => {
    const before = await requested();
    await start();
    const after = await requested();
    const artifactId = randomUUID();
    await append(after, 1, [
      sampleEvent('SubmissionStarted'),
      sampleEvent('SubmissionAccepted'),
      sampleEvent('ProgressReported'),
      sampleEvent('OutputsProduced'),
      sampleEvent('ArtifactStored', { artifactId }),
      sampleEvent('GenerationCompleted'),
    ]);
    await until('the rows', async () => (await versionOf(before)) === 1 && (await versionOf(after)) === 7);
    await until('the feed', async () => (await feedOf()).events.length === 8);
    const [row] = await database.sql`select * from read_models.detail_v1 where id = ${after}`;
    expect(row).toMatchObject({
      tenant: 'acme',
      status: 'succeeded',
      run: 1,
      prompt: 'a red bicycle in the rain',
    });
    expect(await findArtifact({ sql: database.sql, store }, { id: artifactId })).toMatchObject({ index: 0 });
  });

  it('are not waited for by who reads one generation', async () => {
    const id = await requested();
    expect(await versionOf(id)).toBe(0);
    expect(await getGeneration({ sql: database.sql, store }, { id, tenant: 'acme' })).toMatchObject({
      version: 1,
    });
  });

  it('go on with the feed where the process before them stopped', async () => {
    await start();
    await until('the log', caughtUp);
    const seen = await feedOf();
    await running.splice(0)[0]?.stop();
    const id = await requested();
    await start();
    await until('the new event', async () => (await feedOf(seen.cursor)).events.length > 0);
    expect((await feedOf(seen.cursor)).events.map((event) => event.generation)).toEqual([id]);
  });

  it('write nothing to the feed under a lease that another holds by now', async () => {
    await requested();
    const { events } = await store.readAll({ after: store.origin, limit: 500 });
    const before = (await everything()).feed;
    const handlers: Parameters<EventStore['subscribe']>[0]['handle'][] = [];
    const subscribe: EventStore['subscribe'] = ({ handle }) => {
      handlers.push(handle);
      return { stop: async () => undefined };
    };
    const logger = createLogger({ service: 'test', level: 'silent' });
    startFeed({ sql: database.sql, store: { subscribe }, holder: 'slow', logger });
    const fenced = async (): Promise<void> => {
      throw new Error('fenced');
    };
    await expect(handlers[0]?.(events, fenced)).rejects.toThrow('fenced');
    expect((await everything()).feed).toEqual(before);
  });

  it('write rows for what the bus never brought: the sweep finds it', async () => {
    const id = await requested();
    // As if the bus had been told that it was done.
    const { checkpoints } = store;
    const lease = await checkpoints.acquire(detailSubscription, 'by hand', 5);
    const fencing = lease?.fencing ?? 0n;
    expect(await checkpoints.advance(detailSubscription, fencing, await store.head())).toBe(true);
    await checkpoints.release(detailSubscription, fencing);
    await start({ olderThanMs: 0, everyMs: 50 });
    await until('the row', async () => (await versionOf(id)) === 1);
  });

  it('change nothing when everything is told to them again', async () => {
    await start();
    await until('the log', caughtUp);
    await running.splice(0)[0]?.stop();
    const before = await everything();
    expect((await rewind()).count).toBe(2);
    await start();
    await until('the log again', caughtUp);
    expect(await everything()).toEqual(before);
  });

  it('build lost rows anew from the log', async () => {
    await start();
    await until('the log', caughtUp);
    await running.splice(0)[0]?.stop();
    const before = await everything();
    await database.sql`delete from read_models.detail_v1`;
    await database.sql`delete from read_models.artifact_v1`;
    await database.sql`delete from read_models.feed_v1`;
    await rewind();
    await start();
    await until('the log again', caughtUp);
    expect(await everything()).toEqual(before);
  });

  it('park a stream that cannot be folded; the others go on', async () => {
    await start();
    const bad = await requested();
    await append(bad, 1, [sampleEvent('GenerationCompleted')]);
    const good = await requested();
    await until('the good one', async () => (await versionOf(good)) === 1);
    await until('the bad one', async () => {
      const parked = await listParked(database.sql, { consumer: detailSubscription, limit: 10 });
      return parked.some((row) => row.stream === bad && row.error.name === 'IllegalTransition');
    });
    // The log holds it all the same, and the feed tells it.
    await until('the feed', caughtUp);
  });

  it('stand by while another process works, and take over from it', async () => {
    const first = await start();
    await until('the log', caughtUp);
    await start();
    await first.stop();
    const id = await requested();
    await until('the row', async () => (await versionOf(id)) === 1);
    await until('the feed', caughtUp);
  });
});
