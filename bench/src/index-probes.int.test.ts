import { createPostgresEventStore, databaseRoles } from '@darkroom/event-store';
import { createTestDatabase, type InnerPlan, innerPlans, stepsOf } from '@darkroom/event-store/testing';
import { createSigner } from '@darkroom/platform';
import { getGeneration, listGenerations, readFeed, readModelMigrations } from '@darkroom/read-models';
import { generateModels } from './harness/generate.js';

const signer = createSigner(['0123456789abcdef']);
const sizes = [10_000, 1_000_000];

interface Probe {
  readonly what: string;
  readonly pages: number;
  readonly scans: readonly string[];
}

/** What each read costs in a model of this size: for a tenant that has a tenth of it, with pages from the middle of its list. */
async function probesAt(generations: number): Promise<Probe[]> {
  const database = await createTestDatabase({ migrations: [readModelMigrations] });
  const store = createPostgresEventStore(database.sql);
  try {
    await database.superuser`SET statement_timeout = 0`;
    await generateModels(database.superuser, { generations, tenants: 10, stateBytes: 10 });
    const tenant = 'tenant-3';
    const [middle] = await database.superuser<{ id: string; cursor: string }[]>`
      select generation as id, cursor from read_models.feed_v1 where tenant = ${tenant} order by cursor
      offset ${generations / 20} limit 1`;
    const { id = '', cursor = '' } = middle ?? {};
    const probes: Probe[] = [];
    const probe = async (what: string, run: Parameters<typeof innerPlans>[2]): Promise<void> => {
      const plans = await innerPlans(database, databaseRoles.api, run);
      const inner = plans
        .filter(({ statement }) => /\bread_models\.(detail_v1|feed_v1)\b/.test(statement))
        .at(-1);
      if (inner === undefined) throw new Error(`${what}: the inner query was not seen`);
      probes.push({ what, pages: inner.plan.pages, scans: scansOf(inner) });
    };
    const list = async (
      sql: Parameters<Parameters<typeof innerPlans>[2]>[0],
      more: object,
      rows = 20,
    ): Promise<string | undefined> => {
      const page = await listGenerations({ sql, store, signer }, { tenant, limit: 20, ...more });
      if (page.outcome !== 'page') throw new Error(page.outcome);
      expect(page.generations).toHaveLength(rows);
      return page.next ?? undefined;
    };

    await probe('one', async (sql) =>
      expect(await getGeneration({ sql, store }, { id, tenant })).toBeDefined(),
    );
    await probe('one of another tenant', async (sql) =>
      expect(await getGeneration({ sql, store }, { id, tenant: 'tenant-4' })).toBeUndefined(),
    );
    await probe('the first page', (sql) => list(sql, {}));
    const deep = await database.sql.begin(async (tx) => {
      const before = new Date(Date.parse('2026-01-01T00:00:00Z') + (generations / 2) * 10);
      return list(tx as never, { createdBefore: before });
    });
    await probe('a page from the middle', (sql) =>
      list(sql, {
        after: deep,
        createdBefore: new Date(Date.parse('2026-01-01T00:00:00Z') + (generations / 2) * 10),
      }),
    );
    await probe('a page of one status', (sql) => list(sql, { status: ['succeeded'] }));
    // Nothing of this tenant passes the next two: that must not be found out by a look at everything.
    await probe('a page of a status that nothing has', (sql) => list(sql, { status: ['failed'] }, 0));
    await probe('a page of two statuses', (sql) => list(sql, { status: ['succeeded', 'failed'] }));
    await probe('a page of a model that nothing has', (sql) => list(sql, { model: 'sim/none' }, 0));
    await probe('a page of one model', (sql) => list(sql, { model: 'sim/standard' }));
    await probe('the feed from the middle', async (sql) => {
      const page = await readFeed({ sql, store }, { tenant, after: cursor, limit: 20 });
      expect(page.outcome === 'page' && page.events).toHaveLength(20);
    });
    return probes;
  } finally {
    await store.stop();
    await database.drop();
  }
}

const scansOf = (inner: InnerPlan): string[] =>
  stepsOf(inner.plan)
    .filter(({ type }) => type.includes('Scan') && !type.startsWith('CTE'))
    .map(({ type, index, relation }) => `${type} ${index ?? relation ?? ''}`)
    .toSorted();

it('a list, a single fetch and a feed are index probes: a hundred times the rows cost a page more for each level', async () => {
  const [few, many] = [await probesAt(sizes[0] ?? 0), await probesAt(sizes[1] ?? 0)];
  expect(many.map(({ what, scans }) => ({ what, scans }))).toEqual(
    few.map(({ what, scans }) => ({ what, scans })),
  );
  for (const [n, { what, scans, pages }] of many.entries()) {
    expect(scans.filter((scan) => !scan.startsWith('Index'))).toEqual([]);
    // Each row of a page enters two indexes by its key, of which each is a level deeper, as is each walk that cuts the page.
    // A page of a model is cut from a page of each of the six statuses.
    const walks = what.includes('model') ? 6 : what.includes('two') ? 2 : 1;
    const entries = what.includes('page') ? 2 * 20 + walks : 2;
    const more = pages - (few[n]?.pages ?? 0);
    if (more > entries + 2) throw new Error(`${what}: ${more} pages more, of ${pages}`);
  }
}, 1_800_000);
