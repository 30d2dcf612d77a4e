import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { mayAppend } from '@darkroom/domain';
import {
  createPostgresEventStore,
  type EventStore,
  migrate,
  type NewEvent,
  openDatabase,
} from '@darkroom/event-store';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import { newGenerationId } from '@darkroom/platform';
import * as fc from 'fast-check';
import { projectDetail } from '../detail/project-detail.js';
import { readModelMigrations } from '../migrations.js';
import { sampleEvent } from '../testing/index.js';
import { countGenerations } from './count-generations.js';

const tenants = ['acme', 'blue', 'coal'];

/** Histories that pass through every status; each may be told up to any of its events. */
const histories = {
  succeeded: () => [
    sampleEvent('GenerationRequested'),
    sampleEvent('SubmissionStarted'),
    sampleEvent('SubmissionAccepted'),
    sampleEvent('OutputsProduced'),
    sampleEvent('ArtifactStored'),
    sampleEvent('GenerationCompleted'),
    sampleEvent('PersonalDataErased'),
  ],
  failed: () => [
    sampleEvent('GenerationRequested'),
    sampleEvent('SubmissionStarted'),
    sampleEvent('SubmissionAccepted'),
    sampleEvent('AttemptFailed'),
    sampleEvent('GenerationFailed'),
    sampleEvent('PaidOrphanRecorded'),
  ],
} satisfies Record<string, () => NewEvent[]>;

interface Told {
  readonly stream: string;
  readonly tenant: string;
  readonly events: NewEvent[];
  version: number;
}

describe('counts by status', () => {
  let database: TestDatabase;
  let store: EventStore;

  beforeAll(async () => {
    database = await createTestDatabase({ migrations: [readModelMigrations] });
    store = createPostgresEventStore(database.sql, { mayAppend });
  });
  afterAll(async () => {
    await store.stop();
    await database.drop();
  });

  /** Appends the next events of a history, at most so many. */
  const tell = async (told: Told, howMany: number): Promise<void> => {
    for (const event of told.events.slice(told.version, told.version + howMany)) {
      const outcome = await store.append({
        stream: told.stream,
        expected: told.version,
        events: [event],
        metadata: { tenant: told.tenant, actor: 'service:test' },
        by: mayAppend[event.type][0],
      });
      expect(outcome.outcome).toBe('appended');
      told.version += 1;
    }
  };
  const project = (told: readonly Told[]) =>
    projectDetail({ sql: database.sql, store }, [...new Set(told.map(({ stream }) => stream))]);
  const counted = () =>
    database.sql`select tenant, status, n::int from read_models.counts_v1 where n <> 0 order by 1, 2`;
  const inTheRows = () => database.sql`
    select tenant, status, count(*)::int as n from read_models.detail_v1 group by 1, 2 order by 1, 2`;

  it('are those of the rows after any history, told by many at once, in any order, again and again', async () => {
    const step = fc.record({ of: fc.nat(), events: fc.integer({ min: 1, max: 3 }) });
    const plan = fc.record({
      kinds: fc.array(fc.constantFrom(...(['succeeded', 'failed'] as const)), {
        minLength: 6,
        maxLength: 20,
      }),
      steps: fc.array(step, { minLength: 5, maxLength: 60 }),
      batches: fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 12 }), { minLength: 8, maxLength: 24 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ kinds, steps, batches }) => {
        const all = kinds.map((kind, index): Told => {
          const tenant = tenants[index % tenants.length] ?? '';
          return { stream: newGenerationId(), tenant, events: histories[kind](), version: 0 };
        });
        const pick = (n: number): Told[] => all.slice(n % all.length, (n % all.length) + 1);
        await Promise.all(all.map((told) => tell(told, 1)));
        // Batches overlap, and find rows that another of them is writing.
        const deliver = () => Promise.all(batches.map((batch) => project(batch.flatMap(pick))));
        for (const { of, events } of steps) {
          for (const told of pick(of)) await tell(told, events);
          if (of % 5 === 0) await deliver();
        }
        await deliver();
        await Promise.all([project(all), project(all.toReversed())]);
        expect(await counted()).toEqual(await inTheRows());
      }),
      { numRuns: 12 },
    );
  });

  it('do not deadlock where two batches move the same counters in opposite order', async () => {
    const start = async (tenant: string): Promise<Told> => {
      const told = { stream: newGenerationId(), tenant, events: histories.succeeded(), version: 0 };
      await tell(told, 1);
      return told;
    };
    const waiting = async (n: number): Promise<void> => {
      const end = performance.now() + 10_000;
      for (;;) {
        const [row] = await database.sql<{ n: number }[]>`
          select count(*)::int as n from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`;
        if (row?.n === n) return;
        if (performance.now() > end) throw new Error(`${row?.n} writers wait, not ${n}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const [acme, blue, first] = await Promise.all(['acme', 'blue', 'aaa'].map(start));
    if (!acme || !blue || !first) throw new Error('nothing was started');
    await project([acme, blue, first]);
    await Promise.all([tell(acme, 1), tell(blue, 1)]);
    // Each batch counts what it has changed, then what is new: of the other's tenant.
    const one = [blue, await start('aaa'), await start('acme')];
    const other = [acme, await start('blue')];
    const batches: Promise<unknown>[] = [];
    await database.sql.begin(async (tx) => {
      // Holds the first batch between the two.
      await tx`select from read_models.counts_v1 where tenant = 'aaa' and status = 'queued' for update`;
      batches.push(project(one));
      await waiting(1);
      batches.push(project(other));
      await waiting(2);
    });
    await Promise.all(batches);
    expect(await counted()).toEqual(await inTheRows());
  });

  it('are a tenant’s own, with a zero for what there is none of', async () => {
    const told: Told = {
      stream: newGenerationId(),
      tenant: 'dawn',
      events: histories.succeeded(),
      version: 0,
    };
    const counts = () => countGenerations(database.sql, { tenant: 'dawn' });
    const none = { queued: 0, processing: 0, verifying: 0, succeeded: 0, failed: 0, canceled: 0, total: 0 };
    expect(await counts()).toEqual(none);
    await tell(told, 1);
    await project([told]);
    expect(await counts()).toEqual({ ...none, queued: 1, total: 1 });
    await tell(told, 9);
    await project([told]);
    expect(await counts()).toEqual({ ...none, succeeded: 1, total: 1 });
  });

  it('follow rows that are removed to be built anew', async () => {
    await database.sql`delete from read_models.detail_v1 where tenant = 'acme'`;
    expect(await counted()).toEqual(await inTheRows());
    await database.sql`delete from read_models.detail_v1`;
    expect(await counted()).toEqual([]);
  });
});

it('are filled from the rows that a database had before them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-counts-'));
  const database = await createTestDatabase();
  const owner = openDatabase(database.ownerUrl, { max: 1 });
  try {
    const first = '0001_detail_artifact_feed.sql';
    cpSync(new URL(first, readModelMigrations.directory), join(folder, first));
    await migrate(owner, [{ ...readModelMigrations, directory: pathToFileURL(`${folder}/`) }]);
    // As projections of that time wrote them.
    for (const id of [newGenerationId(), newGenerationId()])
      await owner`
        insert into read_models.detail_v1 (id, tenant, version, run, created_at, status, model, open_questions, paid_orphans, state,
          metadata, erased)
        values (${id}, 'acme', 1, 1, now(), 'queued', 'sim/standard', 0, 0, '{}', '{}', false)`;
    await migrate(owner, [readModelMigrations]);
    expect(await countGenerations(database.sql, { tenant: 'acme' })).toMatchObject({ queued: 2, total: 2 });
  } finally {
    await owner.end();
    await database.drop();
    rmSync(folder, { recursive: true });
  }
});
