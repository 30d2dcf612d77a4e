import { randomUUID } from 'node:crypto';
import { mayAppend } from '@darkroom/domain';
import {
  createPostgresEventStore,
  type Database,
  databaseRoles,
  type EventStore,
  type NewEvent,
  openDatabase,
} from '@darkroom/event-store';
import { createTestDatabase, innerPlans, stepsOf, type TestDatabase } from '@darkroom/event-store/testing';
import { newGenerationId } from '@darkroom/platform';
import { projectDetail } from './detail/project-detail.js';
import { projectFeed } from './feed/project-feed.js';
import { readModelMigrations } from './migrations.js';
import { sampleEvent } from './testing/index.js';

/** What the clients' API may ask, each for one tenant; what comes back names its tenant or its stream. */
const asked = [
  'select tenant from read_models.generation($1, $2)',
  'select tenant from read_models.list_page($1, null, null, null, null, null, null, 100)',
  'select tenant from read_models.counts($1)',
  `select tenant from read_models.feed_page($1, '', null, 100)`,
  `select tenant from read_models.feeds_after(array[$1], array[''], 100)`,
  `select s.stream as of_stream from event_store.read_stream($1, $2, 0) s`,
  `select k.stream as of_stream from event_store.find_by_key($1, 'the key of all') k`,
];
const tables = [
  'event_store.streams',
  'event_store.events',
  'read_models.detail_v1',
  'read_models.feed_v1',
  'read_models.counts_v1',
] as const;

describe('row-level security', () => {
  let database: TestDatabase;
  let store: EventStore;
  let api: Database;
  let owner: Database;
  const tenantOf = new Map<string, string>();

  beforeAll(async () => {
    database = await createTestDatabase({ migrations: [readModelMigrations] });
    store = createPostgresEventStore(database.sql, { mayAppend });
    api = openDatabase(database.apiUrl, { max: 1 });
    owner = openDatabase(database.ownerUrl, { max: 1 });
    for (const tenant of ['acme', 'globex']) await write(tenant);
  });
  afterAll(async () => {
    await store.stop();
    await Promise.all([api.end(), owner.end()]);
    await database.drop();
  });

  async function write(tenant: string): Promise<void> {
    const stream = newGenerationId();
    tenantOf.set(stream, tenant);
    const metadata = { tenant, actor: 'service:test' };
    const event = sampleEvent('GenerationRequested') as NewEvent<'GenerationRequested'>;
    const created = await store.create({
      tenant,
      idempotencyKey: 'the key of all',
      fingerprint: 'f',
      stream,
      event,
      metadata,
    });
    expect(created.outcome).toBe('created');
    await store.append({
      stream,
      expected: 1,
      events: [sampleEvent('SubmissionStarted')],
      metadata,
      by: 'provider-gateway',
    });
    await projectDetail({ sql: database.sql, store }, [stream]);
    const { events } = await store.readAll({ after: store.origin, limit: 100 });
    await database.sql.begin((tx) => projectFeed(tx, events));
  }

  /** Whose rows a statement shows to the clients' API that asks for a tenant, and for a stream of whosever. */
  async function shown(statement: string, tenant: string, stream: string): Promise<Set<string>> {
    const rows = await api.unsafe(statement, statement.includes('$2') ? [tenant, stream] : [tenant]);
    return new Set(rows.map((row) => String(row['tenant'] ?? tenantOf.get(String(row['of_stream'])))));
  }

  const streamOf = (tenant: string): string =>
    [...tenantOf].find(([, whose]) => whose === tenant)?.[0] ?? 'nobody has one';

  /** Every condition of the functions that tenants' rows are read by holds for every row. */
  async function takeOutEveryWhere(): Promise<void> {
    const functions = await owner<{ text: string }[]>`
      select pg_get_functiondef(oid) as text from pg_proc
      where oid::regproc::text = any ('{read_models.generation,read_models.list_page,read_models.counts,read_models.feed_page,event_store.read_stream,event_store.find_by_key}')`;
    expect(functions).toHaveLength(6);
    for (const { text } of functions) await owner.unsafe(text.replaceAll(/\bwhere\b/gi, 'where true or'));
  }

  it('lets the clients’ API see what it asks for, and nothing of another tenant', async () => {
    for (const statement of asked) {
      expect(await shown(statement, 'acme', streamOf('acme'))).toEqual(new Set(['acme']));
      expect([...(await shown(statement, 'acme', streamOf('globex')))]).not.toContain('globex');
    }
  });

  it('does so also with the WHERE taken out of every function', async () => {
    await takeOutEveryWhere();
    for (const statement of asked) {
      expect(await shown(statement, 'acme', streamOf('globex'))).toEqual(new Set(['acme']));
      expect(await shown(statement, 'globex', streamOf('acme'))).toEqual(new Set(['globex']));
    }
    // Seen to be what holds it: without, everything leaks.
    await database.superuser.unsafe(
      tables.map((t) => `alter table ${t} disable row level security`).join(';'),
    );
    for (const statement of asked)
      expect([...(await shown(statement, 'acme', streamOf('globex')))]).toContain('globex');
    await database.superuser.unsafe(
      tables.map((t) => `alter table ${t} enable row level security`).join(';'),
    );
  });

  it('does not let a tenant stay behind in a pooled connection', async () => {
    for (const statement of asked) {
      await shown(statement, 'acme', streamOf('acme'));
      for (const table of tables) expect(await api.unsafe(`select * from ${table}`)).toHaveLength(0);
    }
  });

  it('holds the owner too, outside of the functions that act for it', async () => {
    for (const table of tables) {
      expect(await owner.unsafe(`select * from ${table}`)).toHaveLength(0);
      expect((await owner.unsafe(`delete from ${table}`)).count).toBe(0);
    }
    expect(await store.readStream(streamOf('acme'))).toHaveLength(2);
  });

  it.each([
    ['the clients’ API', () => api, [...tables, 'read_models.artifact_v1']],
    ['a background service', () => database.sql, ['event_store.streams', 'event_store.events']],
  ])('lets %s change nothing but by what was made for it', async (_, login, which) => {
    for (const table of which) {
      const column = table.endsWith('events')
        ? 'stream'
        : table.endsWith('feed_v1')
          ? 'generation'
          : table.endsWith('counts_v1')
            ? 'status'
            : 'id';
      const changes = [
        `delete from ${table}`,
        `update ${table} set ${column} = ${column}`,
        `insert into ${table} (${column}) values (null)`,
        `truncate ${table}`,
      ];
      for (const change of changes)
        await expect(login().unsafe(change)).rejects.toMatchObject({ code: '42501' });
    }
  });

  it('finds an image by a link alone', async () => {
    const stream = streamOf('globex');
    const artifactId = randomUUID();
    const events = [
      sampleEvent('SubmissionAccepted'),
      sampleEvent('OutputsProduced'),
      sampleEvent('ArtifactStored', { artifactId }),
    ];
    const metadata = { tenant: 'globex', actor: 'service:test' };
    let version = 2;
    for (const event of events) {
      const [by] = mayAppend[event.type];
      await store.append({ stream, expected: version, events: [event], metadata, by });
      version += 1;
    }
    const locate = () => api`select * from read_models.locate_artifact(${artifactId}, '0'::xid8, 0, 100)`;
    expect(await locate()).toEqual([{ generation: stream, tenant: 'globex' }]);
    await projectDetail({ sql: database.sql, store }, [stream]);
    expect(await locate()).toEqual([{ generation: stream, tenant: 'globex' }]);
    await expect(api`select * from read_models.artifact_v1`).rejects.toMatchObject({ code: '42501' });
  });
});

describe('under row-level security', () => {
  it.each([
    ['one generation', 'select * from read_models.generation($1, $2)', ['detail_v1_pkey', 'streams_pkey']],
    ['one stream', 'select * from event_store.read_stream($1, $2, 1)', ['events_pkey', 'streams_pkey']],
    ['a key', `select * from event_store.find_by_key($1, 'key 77')`, ['streams_by_key']],
  ])('%s is found by its keys alone', async (_what, statement, indexes) => {
    const database = await createTestDatabase({ migrations: [readModelMigrations] });
    try {
      await fill(database, 20_000);
      const [one] = await database.superuser<{ id: string }[]>`
        select id from event_store.streams where idempotency_key = 'key 77'`;
      const plans = await innerPlans(database, databaseRoles.api, (sql) =>
        sql.unsafe(statement, statement.includes('$2') ? ['acme', one?.id ?? ''] : ['acme']),
      );
      const inner = plans.find((plan) => / FROM event_store/i.test(plan.statement));
      if (inner === undefined) throw new Error('the inner query was not seen');
      const scans = stepsOf(inner.plan).filter(({ type }) => type.includes('Scan'));
      expect(new Set(scans.map(({ index }) => index))).toEqual(new Set(indexes));
      for (const scan of scans) expect(scan.indexCondition).toBeDefined();
      // A few pages for each level of each index, whatever the table holds.
      expect(inner.plan.pages).toBeLessThan(20);
    } finally {
      await database.drop();
    }
  });
});

/** Streams with an event and a row each, written past the functions. */
async function fill({ superuser }: TestDatabase, count: number): Promise<void> {
  await superuser.unsafe(`
    insert into event_store.streams (id, version, tenant, idempotency_key)
      select gen_random_uuid(), 2, 'acme', 'key ' || n from generate_series(1, ${count}) n;
    insert into event_store.events (stream, version, type, schema_version, id, data, metadata)
      select id, v, 'ProgressReported', 1, gen_random_uuid(), '{}', '{}' from event_store.streams, generate_series(1, 2) v;
    insert into read_models.detail_v1 (id, tenant, version, run, created_at, status, model, open_questions, paid_orphans, state,
        metadata, erased)
      select id, tenant, 2, 1, created_at, 'queued', 'sim/standard', 0, 0, '{}', '{}', false from event_store.streams;
    analyze event_store.streams, event_store.events, read_models.detail_v1`);
}
