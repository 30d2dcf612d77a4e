import { randomUUID } from 'node:crypto';
import { mayAppend } from '@darkroom/domain';
import {
  createPostgresEventStore,
  databaseRoles,
  type EventStore,
  type NewEvent,
} from '@darkroom/event-store';
import { createTestDatabase, innerPlans, stepsOf, type TestDatabase } from '@darkroom/event-store/testing';
import { createSigner, newGenerationId } from '@darkroom/platform';
import { readModelMigrations } from '../migrations.js';
import { sampleEvent } from '../testing/index.js';
import type { GenerationDetail } from './detail.js';
import { DetailProjection } from './detail-projection.js';
import { findArtifact } from './find-artifact.js';
import { getGeneration } from './get-generation.js';
import { listGenerations, listPage, type ListQuery } from './list-generations.js';
import { detailSubscription, projectDetail } from './project-detail.js';
import { generationsInNeed, searchGenerations } from './search-generations.js';

const signer = createSigner(['0123456789abcdef']);
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('the detail of generations', () => {
  let database: TestDatabase;
  let store: EventStore;
  let ports: { sql: TestDatabase['sql']; store: EventStore; signer: typeof signer };

  beforeAll(async () => {
    database = await createTestDatabase({ migrations: [readModelMigrations] });
    store = createPostgresEventStore(database.sql, { mayAppend });
    ports = { sql: database.sql, store, signer };
  });
  afterAll(async () => {
    await store.stop();
    await database.drop();
  });

  const by = (type: NewEvent['type']) => mayAppend[type][0];
  const append = async (stream: string, events: NewEvent[], tenant = 'acme', after = 0): Promise<string> => {
    let version = after;
    for (const event of events) {
      const outcome = await store.append({
        stream,
        expected: version,
        events: [event],
        metadata: { tenant, actor: 'service:test', traceparent },
        by: by(event.type),
      });
      expect(outcome).toEqual({ outcome: 'appended', version: version + 1 });
      version += 1;
    }
    return stream;
  };
  const start = (tenant?: string, overrides: Parameters<typeof sampleEvent<'GenerationRequested'>>[1] = {}) =>
    append(newGenerationId(), [sampleEvent('GenerationRequested', overrides)], tenant);
  const rowOf = async (id: string) => {
    const [row] = await database.sql`select * from read_models.detail_v1 where id = ${id}`;
    return row;
  };
  const project = (id: string) => projectDetail(ports, [id]);
  const untilStored = (artifactId: string): NewEvent[] => [
    sampleEvent('SubmissionStarted'),
    sampleEvent('SubmissionAccepted'),
    sampleEvent('OutputsProduced'),
    sampleEvent('ArtifactStored', { artifactId }),
  ];

  it('is read by its writer before any row is there, and again while the row is behind', async () => {
    const id = await start();
    expect(await rowOf(id)).toBeUndefined();
    const first = await getGeneration(ports, { id, tenant: 'acme' });
    expect(first).toMatchObject({
      id,
      tenant: 'acme',
      version: 1,
      prompt: 'a red bicycle in the rain',
      traceparent,
    });
    expect(first?.state.phase).toBe('requested');

    await project(id);
    expect(await rowOf(id)).toMatchObject({ version: 1, status: 'queued', open_questions: 0 });
    await append(id, [sampleEvent('SubmissionStarted')], 'acme', 1);
    expect(await rowOf(id)).toMatchObject({ version: 1 });
    expect((await getGeneration(ports, { id }))?.state.phase).toBe('submitting');
  });

  it('folds from a row exactly what it folds from the beginning', async () => {
    const id = await start();
    await project(id);
    await append(id, untilStored(randomUUID()), 'acme', 1);
    const fromRow = await getGeneration(ports, { id });
    await database.sql`delete from read_models.detail_v1 where id = ${id}`;
    expect(fromRow).toEqual(await getGeneration(ports, { id }));
    await project(id);
    expect(fromRow).toEqual(await getGeneration(ports, { id }));
  });

  it('answers a foreign id and a missing one alike', async () => {
    const id = await start('acme');
    await project(id);
    expect(await getGeneration(ports, { id, tenant: 'other' })).toBeUndefined();
    expect(await getGeneration(ports, { id: randomUUID(), tenant: 'acme' })).toBeUndefined();
  });

  it('moves rows forward only, whatever comes how often', async () => {
    const id = await start();
    const stale = await store.readStream(id);
    await append(id, [sampleEvent('SubmissionStarted')], 'acme', 1);
    await project(id);
    // A projector that read before the newest event was there, and writes after.
    await projectDetail({ sql: database.sql, store: { readStream: async () => stale } }, [id]);
    expect(await rowOf(id)).toMatchObject({ version: 2, status: 'processing' });
    const projection = new DetailProjection(ports);
    await Promise.all([2, 1, 2, 1].map((version) => projection.project(id, version)));
    expect(await rowOf(id)).toMatchObject({ version: 2 });
  });

  it('fails only the stream that cannot be folded', async () => {
    const good = await start();
    const bad = await start();
    await append(bad, [sampleEvent('GenerationCompleted')], 'acme', 1);
    const projection = new DetailProjection(ports);
    const [first, second] = await Promise.allSettled([
      projection.project(good, 1),
      projection.project(bad, 2),
    ]);
    expect([first.status, second.status]).toEqual(['fulfilled', 'rejected']);
    expect(await rowOf(good)).toMatchObject({ version: 1 });
  });

  it('brings back rows that were replaced behind its back, whatever it remembers of them', async () => {
    const projection = new DetailProjection(ports);
    const id = await start();
    await projection.project(id, 1);
    await database.sql`delete from read_models.detail_v1 where id = ${id}`;
    await projection.project(id, 1);
    expect(await rowOf(id)).toBeUndefined();
    expect(await projection.assure([{ stream: id, version: 1 }])).toBe(1);
    expect(await rowOf(id)).toMatchObject({ version: 1 });
    await database.sql`delete from read_models.detail_v1 where id = ${id}`;
    projection.forget();
    await projection.project(id, 1);
    expect(await rowOf(id)).toMatchObject({ version: 1 });
    expect(await projection.assure([{ stream: id, version: 1 }])).toBe(0);
  });

  it('forgets the prompt with the event that erases it', async () => {
    const id = await start();
    await append(id, [...untilStored(randomUUID()), sampleEvent('GenerationCompleted')], 'acme', 1);
    await project(id);
    await append(id, [sampleEvent('PersonalDataErased')], 'acme', 6);
    expect(await getGeneration(ports, { id })).toMatchObject({ prompt: null, erased: true });
    await project(id);
    expect(await rowOf(id)).toMatchObject({ prompt: null, erased: true, status: 'succeeded' });
    expect(JSON.stringify(await rowOf(id))).not.toContain('bicycle');
  });

  it('finds an image by its id before and after its row is written, and nobody else’s', async () => {
    const artifact = randomUUID();
    const id = await start('images');
    await append(id, untilStored(artifact), 'images', 1);
    const late = await findArtifact(ports, { id: artifact, tenant: 'images' });
    expect(late).toMatchObject({
      index: 0,
      artifact: { id: artifact, storageKey: 'images/aa/bb' },
      generation: { id },
    });

    await project(id);
    const lease = await store.checkpoints.acquire(detailSubscription, 'test', 5);
    await store.checkpoints.advance(detailSubscription, lease?.fencing ?? 0n, await store.head());
    expect(await findArtifact(ports, { id: artifact, tenant: 'images' })).toEqual(late);
    expect(await findArtifact(ports, { id: artifact, tenant: 'other' })).toBeUndefined();
    expect(await findArtifact(ports, { id: randomUUID() })).toBeUndefined();
  });

  describe('as a list', () => {
    const ids: string[] = [];
    beforeAll(async () => {
      for (let n = 0; n < 7; n += 1) {
        const model = n % 2 === 0 ? 'sim/standard' : 'sim/keyed';
        const id = await start('lists', { model, metadata: { order: `o-${n}` } });
        if (n === 3) await append(id, [sampleEvent('SubmissionStarted')], 'lists', 1);
        ids.unshift(id);
      }
      await start('others');
      await projectDetail(ports, ids);
    });
    const page = async (query: Partial<ListQuery>) => {
      const answer = await listGenerations(ports, { tenant: 'lists', limit: 3, ...query });
      if (answer.outcome !== 'page') throw new Error(answer.outcome);
      return { ids: answer.generations.map((one: GenerationDetail) => one.id), next: answer.next };
    };

    it('comes newest first, page after page, each once', async () => {
      const first = await page({});
      const second = await page({ after: first.next ?? '' });
      const third = await page({ after: second.next ?? '', limit: 2 });
      expect([...first.ids, ...second.ids, ...third.ids]).toEqual(ids);
      expect(third.next).toBeNull();
    });

    it('is cut by status, model and time', async () => {
      expect((await page({ status: ['processing'] })).ids).toEqual([ids[3]]);
      expect((await page({ model: 'sim/keyed', limit: 9 })).ids).toEqual([ids[1], ids[3], ids[5]]);
      expect((await page({ createdAfter: new Date(Date.now() + 1_000) })).ids).toEqual([]);
      expect((await page({ createdBefore: new Date(Date.now() + 1_000), limit: 9 })).ids).toEqual(ids);
    });

    it('refuses the cursor of another query or tenant', async () => {
      const { next } = await page({});
      const foreign = await listGenerations(ports, { tenant: 'others', limit: 3, after: next ?? '' });
      const other = await listGenerations(ports, {
        tenant: 'lists',
        limit: 3,
        model: 'sim/keyed',
        after: next ?? '',
      });
      expect([foreign.outcome, other.outcome]).toEqual(['bad-cursor', 'bad-cursor']);
    });

    it('shows what a row lacks, and leaves out what has left the wanted status', async () => {
      const id = await start('behind');
      await project(id);
      await append(id, [sampleEvent('SubmissionStarted')], 'behind', 1);
      const all = await listGenerations(ports, { tenant: 'behind', limit: 3 });
      expect(all.outcome === 'page' && all.generations[0]?.state.phase).toBe('submitting');
      expect((await page({ tenant: 'behind', status: ['queued'] })).ids).toEqual([]);
    });

    it('shows one whose newest event this program cannot read as its row has it, and the others', async () => {
      const [bad, good] = [await start('newer'), await start('newer')];
      await project(bad);
      await project(good);
      await database.superuser`
        insert into event_store.events (stream, version, type, schema_version, id, data, metadata)
        values (${bad}, 2, 'SubmissionStarted', 99, ${randomUUID()}, '{}', '{"tenant":"newer","actor":"service:test"}')`;
      await database.superuser`update event_store.streams set version = 2 where id = ${bad}`;
      const list = await listGenerations(ports, { tenant: 'newer', limit: 5 });
      expect(list.outcome === 'page' && new Set(list.generations.map(({ id }) => id))).toEqual(
        new Set([bad, good]),
      );
      const found = await searchGenerations(ports, { tenant: 'newer', limit: 5 });
      expect(found.map(({ version }) => version)).toEqual([1, 1]);
      await expect(getGeneration(ports, { id: bad, tenant: 'newer' })).rejects.toMatchObject({
        code: 'unreadable_event',
      });
    });

    it.each([
      ['nothing', {}, 'detail_v1_list'],
      ['a status', { status: ['processing', 'failed'] }, 'detail_v1_by_status'],
      ['a model', { model: 'sim/standard' }, 'detail_v1_by_model'],
      ['both', { status: ['processing'], model: 'sim/standard' }, 'detail_v1_by_model'],
    ] as const)('cut by %s it walks an index that holds nothing else', async (_, filter, index) => {
      await database.superuser`vacuum analyze read_models.detail_v1`;
      const plans = await innerPlans(database, databaseRoles.api, async (sql) => {
        await sql`set enable_seqscan = off`;
        await sql`set enable_bitmapscan = off`;
        await listPage(
          sql,
          { tenant: 'lists', limit: 3, ...filter },
          { createdAt: new Date(), id: randomUUID() },
        );
      });
      const inner = plans.find(({ statement }) => statement.includes('with page as'));
      if (inner === undefined) throw new Error('the inner query was not seen');
      // What is sorted is pages, one for each status.
      const walked = stepsOf(inner.plan).filter(({ type }) => type.startsWith('Index Only Scan'));
      expect(walked.map((step) => step.index)).toEqual([index]);
      expect(walked[0]?.indexCondition).toMatch(/tenant = .*created_at, id\) </);
      expect(walked[0]?.filter).toBeUndefined();
    });
  });

  describe('for operators', () => {
    let unresolved: string;
    let failed: string;
    const job = `job-${randomUUID()}`;
    beforeAll(async () => {
      unresolved = await start('ops', { metadata: { order: '100%_sure' } });
      await append(
        unresolved,
        [sampleEvent('SubmissionStarted'), sampleEvent('SubmissionOutcomeUnknown')],
        'ops',
        1,
      );
      failed = await start('ops');
      await append(
        failed,
        [
          sampleEvent('SubmissionStarted', { account: 'other-account' }),
          sampleEvent('SubmissionAccepted', { vendorJobId: job }),
          sampleEvent('AttemptFailed'),
          sampleEvent('GenerationFailed'),
          sampleEvent('PaidOrphanRecorded'),
        ],
        'ops',
        1,
      );
      await projectDetail(ports, [unresolved, failed]);
    });

    it.each([
      ['state', { phase: 'unresolved' }, () => [unresolved]],
      ['status', { status: 'failed' }, () => [failed]],
      ['account', { account: 'other-account' }, () => [failed]],
      ['job id', { vendorJobId: job }, () => [failed]],
      ['job id of an orphan', { vendorJobId: 'job-orphan' }, () => [failed]],
      ['error code', { errorCode: 'provider_failed' }, () => [failed]],
      ['trace', { traceId: traceparent.slice(3, 35) }, () => [failed, unresolved]],
      ['metadata, taken literally', { text: '0%_s' }, () => [unresolved]],
      ['nothing that is there', { text: '%_x' }, () => []],
    ] as const)('are found by %s', async (_what, search, expected) => {
      const found = await searchGenerations(ports, { tenant: 'ops', limit: 10, ...search });
      expect(found.map((one) => one.id).toSorted()).toEqual([...expected()].toSorted());
    });

    it('come in pages', async () => {
      const [first] = await searchGenerations(ports, { tenant: 'ops', limit: 1 });
      const rest = await searchGenerations(ports, { tenant: 'ops', limit: 9, after: first?.id ?? '' });
      expect(new Set([first?.id, ...rest.map((one) => one.id)])).toEqual(new Set([unresolved, failed]));
    });

    it('are listed where they need a person', async () => {
      const questions = await generationsInNeed(ports, { of: 'open-question', limit: 10 });
      const orphans = await generationsInNeed(ports, { of: 'paid-orphan', limit: 10 });
      expect([questions, orphans].map((list) => list.map((one) => one.id))).toEqual([[unresolved], [failed]]);
    });
  });
});
