import { databaseRoles } from '@darkroom/event-store';
import { createTestDatabase, innerPlans, stepsOf, type TestDatabase } from '@darkroom/event-store/testing';
import { type WorkTable, workTable, workTableMigrations } from './index.js';
import { release, timed, wakeOf } from './testing/table-under-test.js';

it.each([
  ['without statistics', false],
  ['with statistics', true],
])('walks the index of what is due, and not what exists: %s', async (_, analyzed) => {
  // A database of its own: statistics of the other cases' rows would mislead the planner.
  const own = await createTestDatabase({ migrations: [workTableMigrations('gateway')] });
  await own.sql`
    INSERT INTO gateway.jobs (generation, tenant, due_at, account, ready_since)
    SELECT gen_random_uuid(), 't' || n % 3, CASE WHEN n % 2 = 0 THEN clock_timestamp() + interval '1 day' END,
           CASE WHEN n % 2 = 1 THEN 'acc' END, CASE WHEN n % 2 = 1 THEN clock_timestamp() END
    FROM generate_series(1, 40000) n`;
  if (analyzed) await own.superuser`ANALYZE gateway.jobs`;
  // Counted within one session: other sessions report what they read whenever they like.
  const session = await own.sql.reserve();
  try {
    await session`BEGIN`;
    // What the server may choose after five runs of a prepared statement.
    await session`SET LOCAL plan_cache_mode = force_generic_plan`;
    const alone = workTable(session, { schema: 'gateway' });
    const rowsRead = async (run: () => Promise<unknown>): Promise<number> => {
      const read = async (): Promise<number> => {
        const [row] = await session<{ n: number }[]>`
          SELECT (idx_tup_fetch + seq_tup_read)::int AS n FROM pg_stat_xact_user_tables
          WHERE schemaname = 'gateway' AND relname = 'jobs'`;
        return row?.n ?? Number.NaN;
      };
      const before = await read();
      await run();
      return (await read()) - before;
    };
    expect(await rowsRead(() => alone.claimDue(timed()))).toBeLessThan(50);
    expect(await rowsRead(() => alone.msUntilDue(250))).toBeLessThan(50);
    const five = { kind: 'ready', account: 'acc', slots: 5, holder: 'a', limit: 5, leaseSeconds: 1 } as const;
    expect(await rowsRead(() => alone.claimDue(five))).toBeLessThan(100);
  } finally {
    await session`ROLLBACK`;
    session.release();
    await own.drop();
  }
});

/** Pages that each statement on the jobs touched, those inside of functions too. */
async function pagesOf(own: TestDatabase, run: (alone: WorkTable) => Promise<unknown>): Promise<number[]> {
  const plans = await innerPlans(own, databaseRoles.worker, (session) =>
    run(workTable(session, { schema: 'gateway' })),
  );
  return plans.filter(({ statement }) => /\bjobs\b/.test(statement)).map(({ plan }) => plan.pages);
}

it('a million rows that wait cost what ten thousand do', async () => {
  const costs: number[][] = [];
  for (const rows of [10_000, 1_000_000]) {
    const own = await createTestDatabase({ migrations: [workTableMigrations('gateway')] });
    try {
      await own.superuser.unsafe(`
        SET statement_timeout = 0;
        INSERT INTO gateway.jobs (generation, tenant, due_at, account, ready_since, elsewhere)
        SELECT gen_random_uuid(), 't' || n % 3, CASE WHEN n % 2 = 0 THEN clock_timestamp() + interval '1 day' END,
               CASE WHEN n % 2 = 1 THEN 'acc' END, CASE WHEN n % 2 = 1 THEN clock_timestamp() END, n % 100 = 1
        FROM generate_series(1, ${rows}) n;
        ANALYZE gateway.jobs`);
      const slots = {
        kind: 'ready',
        account: 'acc',
        slots: 3,
        holder: 'a',
        limit: 3,
        leaseSeconds: 30,
      } as const;
      const pages = await pagesOf(own, async (alone) => {
        await alone.msUntilDue(250);
        await alone.claimDue(timed());
        await alone.assure([wakeOf()]);
        const [claim] = await alone.claimDue(timed());
        if (claim === undefined) throw new Error('nothing was claimed');
        await alone.apply(claim, release());
        await alone.claimDue(slots);
        await alone.claimDue(slots);
        await alone.wakeWaiting('acc', null, 3);
      });
      costs.push(pages);
    } finally {
      await own.drop();
    }
  }
  const [few = [], many = []] = costs;
  expect(many).toHaveLength(few.length);
  // A deeper index is a page more for each time that it is entered.
  for (const [n, pages] of many.entries()) expect(pages).toBeLessThanOrEqual((few[n] ?? 0) * 1.5 + 6);
  expect(Math.max(...many)).toBeLessThan(150);
});

it('looks walk over nothing that was claimed before, also while a snapshot elsewhere keeps all of it', async () => {
  const own = await createTestDatabase({ migrations: [workTableMigrations('gateway')] });
  try {
    const busy = workTable(own.sql, { schema: 'gateway' });
    await own.superuser.begin('isolation level repeatable read', async (tx) => {
      // It is held for as long as this machine takes for the rest.
      await tx`SET LOCAL idle_in_transaction_session_timeout = 0`;
      await tx`SELECT count(*) FROM gateway.jobs`;
      for (let n = 0; n < 40; n += 1) {
        await busy.wakeMany(Array.from({ length: 50 }, () => wakeOf()));
        const claims = await busy.claimDue(timed({ limit: 50 }));
        await Promise.all(claims.map((claim) => busy.apply(claim, release())));
      }
      // The floor stands a margin behind what was looked at: soon all of it lies below.
      const end = performance.now() + 15_000;
      for (;;) {
        const [whole = 0, ...fromTheFloor] = await pagesOf(own, async (alone) => {
          for (let look = 0; look < 2; look += 1) await alone.claimDue(timed());
          await alone.msUntilDue(250);
        });
        expect(whole).toBeGreaterThan(50);
        expect(fromTheFloor).toHaveLength(2);
        if (Math.max(...fromTheFloor) < 20) break;
        if (performance.now() > end) throw new Error(`looks cost ${fromTheFloor.join(' and ')} pages`);
      }
    });
    await busy.stop();
  } finally {
    await own.drop();
  }
});

it('counting slots walks over few that were given back, also while a snapshot elsewhere keeps all of them', async () => {
  const own = await createTestDatabase({ migrations: [workTableMigrations('gateway')] });
  const busy = workTable(own.sql, { schema: 'gateway' });
  try {
    await own.superuser.begin('isolation level repeatable read', async (tx) => {
      // It is held for as long as this machine takes for the rest.
      await tx`SET LOCAL idle_in_transaction_session_timeout = 0`;
      await tx`SELECT count(*) FROM gateway.jobs`;
      for (let n = 0; n < 60; n += 1) {
        await busy.wakeMany(Array.from({ length: 50 }, () => wakeOf()));
        const claims = await busy.claimDue(timed({ limit: 50 }));
        for (const claim of claims) expect(await busy.takeSlot(claim, 'acc', 50)).toBe(true);
        await Promise.all(claims.map((claim) => busy.apply(claim, release({ holdsSlot: false }))));
      }
    });
    const [row] = await own.superuser<{ all: number; few: number }[]>`
      SELECT last_value::int AS all, gateway.slots_floor('acc', 0)::int AS few FROM gateway.slots`;
    expect(row).toEqual({ all: 3_000, few: 2_000 });
    const plans = await innerPlans(own, databaseRoles.worker, async (session) => {
      for (const floor of ['0', '2000'])
        await session`SELECT gateway.claim_ready('acc', 50, 'a', 1, interval '1 second', ${floor}::bigint)`;
    });
    const counts = plans.filter(({ statement }) => statement.includes('count(*)'));
    expect(counts.map(({ plan }) => stepsOf(plan).at(-1)?.indexCondition)).toEqual([
      expect.stringContaining("slot >= '0'::bigint"),
      expect.stringContaining("slot >= '2000'::bigint"),
    ]);
  } finally {
    await busy.stop();
    await own.drop();
  }
});
