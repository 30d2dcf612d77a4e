import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { mayAppend } from '@darkroom/domain';
import { busMigrations } from '@darkroom/event-bus';
import {
  createPostgresEventStore,
  type Database,
  databaseRoles,
  type EventStore,
  type NewEvent,
  openDatabase,
} from '@darkroom/event-store';
import { createTestDatabase, innerPlans, stepsOf, type TestDatabase } from '@darkroom/event-store/testing';
import { createSigner, newGenerationId, type RunningService } from '@darkroom/platform';
import {
  askForRebuild,
  countGenerations,
  getGeneration,
  listGenerations,
  listRebuilds,
  readFeed,
  readModelMigrations,
} from '@darkroom/read-models';
import { sampleEvent } from '@darkroom/read-models/testing';
import { startProjections } from './index.js';

const tenant = 'acme';
const signer = createSigner(['0123456789abcdef']);

/** Waits on a condition, never longer than 60 s. */
async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`did not come: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('a rebuild of the read models', () => {
  let database: TestDatabase;
  let store: EventStore;
  let api: Database;
  let service: RunningService;

  beforeEach(async () => {
    database = await createTestDatabase({ migrations: [busMigrations, readModelMigrations] });
    store = createPostgresEventStore(database.sql, { mayAppend });
    api = openDatabase(database.apiUrl, { max: 6 });
    service = await startProjections({
      databaseUrl: database.url,
      bus: { kind: 'postgres' },
      logLevel: 'silent',
    });
  });
  afterEach(async () => {
    await service.stop();
    await store.stop();
    await api.end({ timeout: 5 });
    await database.drop();
  });

  const history = (): NewEvent[] => [
    sampleEvent('GenerationRequested'),
    sampleEvent('SubmissionStarted'),
    sampleEvent('SubmissionAccepted'),
    sampleEvent('ProgressReported'),
    sampleEvent('OutputsProduced'),
    sampleEvent('ArtifactStored', { artifactId: randomUUID() }),
    sampleEvent('GenerationCompleted'),
  ];
  /** Appends a generation, or the first events of one, one by one. */
  const tell = async (events = history(), stream = newGenerationId()): Promise<string> => {
    for (const [version, event] of events.entries()) {
      const metadata = { tenant, actor: 'service:test' };
      const by = mayAppend[event.type][0];
      const { outcome } = await store.append({ stream, expected: version, events: [event], metadata, by });
      expect(outcome).toBe('appended');
    }
    return stream;
  };
  const tellMany = (count: number, events?: () => NewEvent[]): Promise<string[]> =>
    Promise.all(Array.from({ length: count }, () => tell(events?.())));
  const everything = async () => ({
    details: await database.sql`select * from read_models.detail_v1 order by id`,
    images: await database.sql`select * from read_models.artifact_v1 order by id`,
    feed: await database.sql`select * from read_models.feed_v1 order by tenant, cursor`,
    counts: await database.sql`select * from read_models.counts_v1 where n <> 0 order by tenant, status`,
  });
  const followed = (streams: readonly string[]) =>
    until('the rows', async () => {
      const [row] = await database.sql<{ n: number }[]>`
        select count(*)::int as n from read_models.detail_v1 where version = 7 and id = any(${`{${streams.join(',')}}`}::uuid[])`;
      const feed = await database.sql`
        select from read_models.feed_v1
        where type = 'GenerationCompleted' and generation = any(${`{${streams.join(',')}}`}::uuid[])`;
      return row?.n === streams.length && feed.length === streams.length;
    });
  const rebuilt = async (): Promise<void> => {
    await askForRebuild(database.sql, { id: randomUUID(), by: 'test' });
    await until('the switch', async () => {
      const [latest] = await listRebuilds(database.sql, 1);
      if (latest?.state === 'failed') throw new Error(latest.error ?? 'failed');
      return latest?.state === 'switched';
    });
  };

  it('mends rows that are wrong or gone, and may be done again and again', async () => {
    const streams = await tellMany(40);
    await followed(streams);
    const before = await everything();
    for (let round = 0; round < 3; round += 1) {
      await database.sql`delete from read_models.detail_v1 where id = ${streams[round] ?? ''}`;
      await database.sql`delete from read_models.feed_v1 where generation = ${streams[round] ?? ''}`;
      await database.sql`update read_models.detail_v1 set status = 'failed' where id = ${streams[9] ?? ''}`;
      expect(await everything()).not.toEqual(before);
      await rebuilt();
      expect(await everything()).toEqual(before);
    }
    const [latest] = await listRebuilds(database.sql, 1);
    expect(latest).toMatchObject({ state: 'switched', events: 280, skipped: 0, error: null });
    // What is built into is empty again, and whoever may read the live rows may not read there.
    expect(await database.sql`select from read_models.detail_v1_next`).toHaveLength(0);
    await expect(api`select from read_models.detail_v1_next`).rejects.toMatchObject({ code: '42501' });
    expect(await api`select from read_models.detail_v1`).toHaveLength(0);
    expect((await countGenerations(api, { tenant })).succeeded).toBe(40);
  });

  it('takes the place of the live models while reads and writes go on; no reader sees less than before', async () => {
    await followed(await tellMany(60));
    const ports = { sql: api, store, signer };
    const stop = new AbortController();
    const seen = new Map<string, number>();
    const listed = new Set<string>();
    const told: string[] = [];
    let feedCursor: string | null = null;
    const fed: string[] = [];
    let reads = 0;

    const write = async (): Promise<void> => {
      while (!stop.signal.aborted) told.push(await tell());
    };
    /** `least`: what had been seen when the request began; another reader may have seen more meanwhile. */
    const note = (id: string, version: number, least: ReadonlyMap<string, number>): void => {
      expect(version).toBeGreaterThanOrEqual(least.get(id) ?? 0);
      seen.set(id, Math.max(version, seen.get(id) ?? 0));
      reads += 1;
    };
    const get = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        const known = [...listed];
        const id = known[Math.floor(Math.random() * known.length)];
        if (id === undefined) await new Promise((resolve) => setImmediate(resolve));
        else {
          const least = new Map(seen);
          note(id, (await getGeneration(ports, { id, tenant }))?.version ?? 0, least);
        }
      }
    };
    const list = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        const before = [...listed];
        const found = new Set<string>();
        let after: string | undefined;
        do {
          const least = new Map(seen);
          const page = await listGenerations(ports, {
            tenant,
            limit: 100,
            ...(after === undefined ? {} : { after }),
          });
          if (page.outcome !== 'page') throw new Error('a cursor did not survive the switch');
          for (const { id, version } of page.generations) {
            found.add(id);
            note(id, version, least);
          }
          after = page.next ?? undefined;
        } while (after !== undefined);
        expect(before.filter((id) => !found.has(id))).toEqual([]);
        for (const id of found) listed.add(id);
      }
    };
    const follow = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        const page = await readFeed(ports, { tenant, after: feedCursor, limit: 50 });
        if (page.outcome !== 'page') throw new Error(`the feed said ${page.outcome}`);
        fed.push(...page.events.map(({ event }) => event));
        feedCursor = page.cursor;
        if (page.events.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      }
    };
    const running = Promise.all([write(), write(), get(), get(), list(), follow()]);
    running.catch(() => stop.abort());
    try {
      await until('readers at work', async () => reads > 200);
      for (let round = 0; round < 3; round += 1) await rebuilt();
    } finally {
      stop.abort();
    }
    await running;
    await followed(told);
    const { details, feed } = await everything();
    expect(details).toHaveLength(60 + told.length);
    expect(details.every((row) => row['version'] === 7)).toBe(true);
    await until('the feed', async () => {
      const page = await readFeed(ports, { tenant, after: feedCursor, limit: 1_000 });
      if (page.outcome !== 'page') throw new Error(`the feed said ${page.outcome}`);
      fed.push(...page.events.map(({ event }) => event));
      feedCursor = page.cursor;
      return page.events.length === 0;
    });
    expect(fed).toEqual(feed.map((row) => row['event']));
  });

  it('tells how far it is while it builds: events that rise, and about how many there are', async () => {
    // More than a page of the builder's, which reads 5,000 events at once.
    await tellMany(800);
    await database.superuser`analyze event_store.events`;
    // Each page's rows wait for the lock of its number.
    await database.superuser.unsafe(`
      create sequence public.pages;
      create function public.wait_for_page() returns trigger language plpgsql security definer as $$
      begin
        perform pg_advisory_xact_lock_shared(nextval('public.pages'));
        return null;
      end $$;
      create trigger wait_for_page before insert on read_models.detail_v1_next
        for each statement execute function public.wait_for_page()`);
    const gate = await database.superuser.reserve();
    const seen = async () => (await listRebuilds(database.sql, 1))[0];
    try {
      await gate`select pg_advisory_lock(1), pg_advisory_lock(2)`;
      const switched = rebuilt();
      switched.catch(() => undefined);
      await until('the first page', async () => ((await seen())?.events ?? 0) > 0);
      const first = await seen();
      expect(first?.state).toBe('building');
      expect(first?.events).toBeLessThan(5_600);
      expect(first?.eventsAbout).toBeGreaterThan(5_000);
      expect(first?.eventsAbout).toBeLessThan(6_200);

      // It is noted once a second at most.
      await until('the next note may be written', async () => {
        const [row] = await database.sql<{ due: boolean }[]>`
          select started_at < clock_timestamp() - interval '1.1 s' as due from read_models.rebuilds`;
        return row?.due === true;
      });
      await gate`select pg_advisory_unlock(1)`;
      await until('the second page', async () => ((await seen())?.events ?? 0) > (first?.events ?? 0));
      expect(await seen()).toMatchObject({
        state: 'building',
        events: 5_600,
        eventsAbout: first?.eventsAbout,
        finishedAt: null,
      });
      await gate`select pg_advisory_unlock(2)`;
      await switched;
      expect(await seen()).toMatchObject({ state: 'switched', events: 5_600, error: null });
    } finally {
      await gate`select pg_advisory_unlock_all()`;
      gate.release();
    }
  });

  it('brings back nothing that was erased', async () => {
    const [kept = '', erased = ''] = await tellMany(2);
    const metadata = { tenant, actor: 'service:test' };
    const event = sampleEvent('PersonalDataErased');
    await store.append({ stream: erased, expected: 7, events: [event], metadata, by: 'intake' });
    await store.erasePersonal(erased, tenant);
    await followed([kept]);
    await rebuilt();
    const rows = await database.sql`select id, prompt, erased from read_models.detail_v1`;
    expect(rows).toEqual(
      expect.arrayContaining([
        { id: kept, prompt: 'a red bicycle in the rain', erased: false },
        { id: erased, prompt: null, erased: true },
      ]),
    );
  });

  it('leaves out a stream that cannot be folded, and says so', async () => {
    const streams = await tellMany(5);
    await tell([sampleEvent('GenerationRequested'), sampleEvent('GenerationCompleted')]);
    await followed(streams);
    await rebuilt();
    const [latest] = await listRebuilds(database.sql, 1);
    expect(latest).toMatchObject({ state: 'switched', skipped: 1 });
    expect((await everything()).details).toHaveLength(5);
  });

  it('counts a stream with an event that it cannot read', async () => {
    const streams = await tellMany(3);
    await followed(streams);
    await database.superuser`
      update event_store.events set schema_version = 99 where stream = ${streams[1] ?? ''} and version = 7`;
    await rebuilt();
    const [latest] = await listRebuilds(database.sql, 1);
    expect(latest).toMatchObject({ state: 'switched', skipped: 1 });
  });

  it('that a process left in the middle is begun anew by the next', async () => {
    await followed(await tellMany(5));
    const before = await everything();
    await service.stop();
    await askForRebuild(database.sql, { id: randomUUID(), by: 'test' });
    await database.sql`update read_models.rebuilds set state = 'building'`;
    await database.sql`insert into read_models.detail_v1_next select * from read_models.detail_v1`;
    service = await startProjections({
      databaseUrl: database.url,
      bus: { kind: 'postgres' },
      logLevel: 'silent',
    });
    await until('the switch', async () => (await listRebuilds(database.sql, 1))[0]?.state === 'switched');
    expect(await everything()).toEqual(before);
  });

  it('waits for a reader that holds the tables, and keeps nobody waiting for long meanwhile', async () => {
    const streams = await tellMany(5);
    await followed(streams);
    let switched: Promise<void> | undefined;
    await database.superuser.begin(async (tx) => {
      await tx`set local idle_in_transaction_session_timeout = 0`;
      await tx`select from read_models.detail_v1`;
      switched = rebuilt();
      // A lock that was not had in time lets the others through: their statement's own time-out is longer.
      await until('the switch was tried', async () => {
        const [row] = await database.sql<{ n: number }[]>`
          select count(*)::int as n from pg_stat_activity where query like '%exchange()%' and wait_event_type = 'Lock'`;
        return (row?.n ?? 0) > 0;
      });
      expect(await getGeneration({ sql: api, store }, { id: streams[0] ?? '', tenant })).toMatchObject({
        version: 7,
      });
      expect((await listRebuilds(database.sql, 1))[0]?.state).toBe('catching_up');
    });
    await switched;
  });

  it('leaves the indexes their names: plans are what they were', async () => {
    await followed(await tellMany(30));
    const indexesOfAList = async (): Promise<string[]> => {
      // What has no statistics yet is planned by guesses.
      await database.superuser`vacuum analyze event_store.streams, read_models.detail_v1, read_models.artifact_v1`;
      const plans = await innerPlans(database, databaseRoles.api, async (sql) => {
        await sql`set enable_seqscan = off`;
        await sql`set enable_bitmapscan = off`;
        await listGenerations({ sql, store, signer }, { tenant, limit: 3 });
      });
      const inner = plans.find(({ statement }) => statement.includes('with page as'));
      return inner ? stepsOf(inner.plan).flatMap(({ index }) => index ?? []) : [];
    };
    const before = await indexesOfAList();
    await rebuilt();
    const indexes = await indexesOfAList();
    expect(indexes).toEqual(before);
    expect(indexes).toEqual(expect.arrayContaining(['detail_v1_list', 'detail_v1_pkey']));
    const names = await database.superuser<{ name: string }[]>`
      select indexname as name from pg_indexes where schemaname = 'read_models' and tablename = 'detail_v1' order by 1`;
    expect(names.map(({ name }) => name)).toEqual([
      'detail_v1_by_model',
      'detail_v1_by_status',
      'detail_v1_list',
      'detail_v1_open_questions',
      'detail_v1_paid_orphans',
      'detail_v1_pkey',
      'detail_v1_spend',
    ]);
  });
});
