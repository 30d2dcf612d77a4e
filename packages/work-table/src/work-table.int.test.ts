import { randomUUID } from 'node:crypto';
import {
  createPostgresEventStore,
  databaseRoles,
  type EventStore,
  type NewEvent,
} from '@darkroom/event-store';
import { createTestDatabase, innerPlans, stepsOf, type TestDatabase } from '@darkroom/event-store/testing';
import type { Claim, ClaimRequest, Move, Wake } from './index.js';
import { type WorkTable, workTable, workTableMigrations } from './index.js';

let database: TestDatabase;
let table: WorkTable;
let store: EventStore;

beforeAll(async () => {
  database = await createTestDatabase({ migrations: [workTableMigrations('gateway')] });
  table = workTable(database.sql, { schema: 'gateway' });
  store = createPostgresEventStore(database.sql);
});
beforeEach(async () => {
  await database.sql`DELETE FROM gateway.jobs`;
  await database.sql`DELETE FROM gateway.turns`;
});
afterAll(async () => {
  await table.stop();
  await store.stop();
  await database.drop();
});

const wakeOf = (overrides: Partial<Wake> = {}): Wake => ({
  generation: randomUUID(),
  tenant: 'acme',
  version: 1,
  ...overrides,
});
const timed = (overrides: Partial<ClaimRequest> = {}): ClaimRequest =>
  ({ kind: 'timed', holder: 'a', limit: 10, leaseSeconds: 30, ...overrides }) as ClaimRequest;
const release = (overrides: Partial<Move> = {}): Move => ({
  phase: 'waiting',
  nextActionAt: null,
  foldedVersion: 1,
  release: true,
  ...overrides,
});
const progress = (): NewEvent<'ProgressReported'> => ({
  id: randomUUID(),
  type: 'ProgressReported',
  data: { run: 1, attempt: 1, percent: 10, vendorStatus: 'running' },
});
const append = (stream: string, expected: number | 'none', claim: Claim, move: Move) =>
  store.append({
    stream,
    expected,
    events: [progress()],
    metadata: { tenant: 'acme', actor: 'service:provider-gateway' },
    by: 'provider-gateway',
    with: table.move(claim, move),
  });

/** One woken row, claimed. */
async function claimed(leaseSeconds = 30, overrides: Partial<Wake> = {}): Promise<Claim> {
  const wake = wakeOf(overrides);
  await table.wake(wake);
  const claims = await table.claimDue(timed({ leaseSeconds }));
  const claim = claims.find(({ generation }) => generation === wake.generation);
  if (!claim) throw new Error('nothing was claimed');
  return claim;
}

/** One after another: each claims all that is due. */
async function manyClaimed(count: number): Promise<Claim[]> {
  const claims: Claim[] = [];
  while (claims.length < count) claims.push(await claimed());
  return claims;
}

/** Puts rows into the queue of an account. */
async function queue(account: string, tenants: readonly string[]): Promise<void> {
  for (const tenant of tenants) {
    const claim = await claimed(30, { tenant });
    expect(await table.apply(claim, release({ account, ready: true }))).toBe(true);
  }
}
const ready = (account: string, slots: number, limit = 100, holder = 'a') =>
  table.claimDue({ kind: 'ready', account, slots, holder, limit, leaseSeconds: 30 });

async function expire(claim: Claim): Promise<void> {
  await database.sql`
    UPDATE gateway.jobs SET due_at = clock_timestamp() - interval '1 second' WHERE generation = ${claim.generation}`;
}

describe('wake', () => {
  it('makes a row that is claimed once', async () => {
    const wake = wakeOf({ traceparent: '00-a-b-01', version: 3 });
    await table.wake(wake);
    expect(await table.claimDue(timed())).toEqual([
      {
        generation: wake.generation,
        tenant: 'acme',
        fencing: 1n,
        phase: null,
        foldedVersion: 0,
        seenVersion: 3,
        account: null,
        holdsSlot: false,
        traceparent: '00-a-b-01',
        takenOver: false,
      },
    ]);
    expect(await table.claimDue(timed())).toEqual([]);
  });

  it('does nothing for a version that the row has seen, its own append included', async () => {
    const claim = await claimed();
    await table.apply(claim, release({ foldedVersion: 2 }));
    await table.wakeMany([1, 2].map((version) => wakeOf({ generation: claim.generation, version })));
    expect(await table.claimDue(timed())).toEqual([]);
    await table.wake(wakeOf({ generation: claim.generation, version: 3 }));
    expect(await table.claimDue(timed())).toHaveLength(1);
  });

  it('waits for a time in the future, and comes earlier when another asks for it', async () => {
    const generation = randomUUID();
    await table.wake(wakeOf({ generation, at: new Date(Date.now() + 60_000) }));
    expect(await table.claimDue(timed())).toEqual([]);
    expect(await table.msUntilDue(250)).toBeNull();
    expect(await table.msUntilDue(3_600_000)).toBeGreaterThan(30_000);
    await table.wake(wakeOf({ generation, version: 2 }));
    expect(await table.msUntilDue(250)).toBe(0);
    expect(await table.claimDue(timed())).toHaveLength(1);
  });

  it('takes many at once, several for one generation among them', async () => {
    const generations = Array.from({ length: 300 }, () => randomUUID());
    const wakes = generations.flatMap((generation) =>
      [2, 1, 3].map((version) => wakeOf({ generation, version })),
    );
    await Promise.all(wakes.map((wake) => table.wake(wake)));
    const claims = await table.claimDue(timed({ limit: 1_000 }));
    expect(new Set(claims.map(({ seenVersion }) => seenVersion))).toEqual(new Set([3]));
    expect(claims).toHaveLength(300);
  });

  it('that comes while a holder works makes the row due again when it lets go', async () => {
    const claim = await claimed();
    await table.wake(wakeOf({ generation: claim.generation, version: 2 }));
    expect(await table.claimDue(timed())).toEqual([]);
    const far = new Date(Date.now() + 60_000);
    await table.apply(claim, release({ foldedVersion: 1, nextActionAt: far }));
    const [again] = await table.claimDue(timed({ holder: 'b' }));
    expect(again).toMatchObject({ generation: claim.generation, seenVersion: 2, takenOver: false });
  });

  it('that comes while a holder works is spent when the holder has folded it', async () => {
    const claim = await claimed();
    await table.wake(wakeOf({ generation: claim.generation, version: 2 }));
    await table.apply(claim, release({ foldedVersion: 2 }));
    expect(await table.claimDue(timed())).toEqual([]);
    expect(await table.msUntilDue(250)).toBeNull();
  });

  it('does not make a row due at once that its holder puts off without having folded', async () => {
    const claim = await claimed(30, { version: 4 });
    const far = new Date(Date.now() + 60_000);
    await table.apply(claim, release({ foldedVersion: 0, nextActionAt: far }));
    expect(await table.claimDue(timed())).toEqual([]);
    expect(await table.msUntilDue(250)).toBeNull();
    expect(await table.msUntilDue(3_600_000)).toBeGreaterThan(30_000);
  });
});

describe('claims', () => {
  it('never give one row to two', async () => {
    await table.wakeMany(Array.from({ length: 200 }, () => wakeOf()));
    const holders = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const taken = await Promise.all(
      holders.map(async (holder) => {
        const mine: string[] = [];
        for (;;) {
          const claims = await table.claimDue(timed({ holder, limit: 7 }));
          if (claims.length === 0) return mine;
          mine.push(...claims.map(({ generation }) => generation));
        }
      }),
    );
    expect(taken.flat()).toHaveLength(200);
    expect(new Set(taken.flat()).size).toBe(200);
  });

  it('take the longest due first', async () => {
    const late = wakeOf();
    const later = wakeOf();
    await table.wake(late);
    await table.wake(later);
    const claims = await table.claimDue(timed({ limit: 1 }));
    expect(claims.map(({ generation }) => generation)).toEqual([late.generation]);
  });

  it('pass over a row that another transaction is at', async () => {
    const [one, other] = [wakeOf(), wakeOf()];
    await table.wakeMany([one, other]);
    await database.sql.begin(async (tx) => {
      await tx`SELECT 1 FROM gateway.jobs WHERE generation = ${one.generation} FOR UPDATE`;
      const claims = await table.claimDue(timed());
      expect(claims.map(({ generation }) => generation)).toEqual([other.generation]);
    });
  });

  it('are taken over at the end of their lease, and say so', async () => {
    const first = await claimed();
    await expire(first);
    const [second] = await table.claimDue(timed({ holder: 'b' }));
    expect(second).toMatchObject({ generation: first.generation, takenOver: true });
    expect(second?.fencing).toBe(first.fencing + 1n);
  });

  it('end by the clock of the database', async () => {
    const first = await claimed(0.02);
    const end = Date.now() + 5_000;
    let taken: Claim[] = [];
    while (taken.length === 0 && Date.now() < end) taken = await table.claimDue(timed({ holder: 'b' }));
    expect(taken[0]).toMatchObject({ generation: first.generation, takenOver: true });
  });

  it('are kept by renewing, which tells what came and what was lost', async () => {
    const [kept, lost] = [await claimed(0.5), await claimed()];
    await expire(lost);
    await table.claimDue(timed({ holder: 'b' }));
    await table.wake(wakeOf({ generation: kept.generation, version: 2 }));
    const released = await claimed();
    await table.apply(released, release());
    const held = await table.renew([lost, kept, released], 60);
    expect(held).toEqual([{ ...kept, seenVersion: 2 }]);
    expect(await table.renew([], 60)).toEqual([]);
    const [row] = await database.sql<{ left: number }[]>`
      SELECT extract(epoch FROM due_at - clock_timestamp())::float8 AS left FROM gateway.jobs WHERE generation = ${kept.generation}`;
    expect(row?.left).toBeGreaterThan(30);
  });
});

describe('fencing', () => {
  it('lets a stale holder touch nothing', async () => {
    const stale = await claimed();
    await expire(stale);
    const [present] = await table.claimDue(timed({ holder: 'b' }));
    expect(present).toBeDefined();
    const before = await database.sql`SELECT * FROM gateway.jobs`;
    expect(await append(stale.generation, 'none', stale, release({ phase: 'stolen' }))).toEqual({
      outcome: 'fenced',
    });
    expect(await store.readStream(stale.generation)).toEqual([]);
    expect(await table.apply(stale, release({ phase: 'stolen' }))).toBe(false);
    expect(await table.takeSlot(stale, 'acc', 5)).toBe(false);
    expect(await table.renew([stale], 60)).toEqual([]);
    expect(await database.sql`SELECT * FROM gateway.jobs`).toEqual(before);
  });

  it('ends a claim with its release', async () => {
    const claim = await claimed();
    expect(await table.apply(claim, release())).toBe(true);
    expect(await table.apply(claim, release())).toBe(false);
  });

  it('moves the row in the transaction of the append, and not without it', async () => {
    const claim = await claimed();
    const stays = release({ phase: 'submitting', release: false, account: 'acc', foldedVersion: 1 });
    expect((await append(claim.generation, 'none', claim, stays)).outcome).toBe('appended');
    const conflict = await append(claim.generation, 'none', claim, release({ phase: 'wrong' }));
    expect(conflict).toEqual({ outcome: 'conflict', actual: 1 });
    const done = release({ phase: 'processing', foldedVersion: 2, nextActionAt: new Date(0) });
    expect((await append(claim.generation, 1, claim, done)).outcome).toBe('appended');
    const [again] = await table.claimDue(timed());
    expect(again).toMatchObject({ phase: 'processing', foldedVersion: 2, account: 'acc', takenOver: false });
  });
});

describe('slots', () => {
  it('are never more than there are, under eight that take at once', async () => {
    const claims = await manyClaimed(8);
    for (let round = 0; round < 10; round += 1) {
      const taken = await Promise.all(claims.map((claim) => table.takeSlot(claim, 'acc', 3)));
      expect(taken.filter(Boolean)).toHaveLength(3);
      expect(await table.freeSlots('acc', 3)).toBe(0);
      await Promise.all(
        claims.map((claim) => table.apply(claim, release({ release: false, holdsSlot: false }))),
      );
      expect(await table.freeSlots('acc', 3)).toBe(3);
    }
  });

  it('are one for a row, however often it asks, and none with one full', async () => {
    const [first, second] = [await claimed(), await claimed()];
    expect(await table.takeSlot(first, 'acc', 1)).toBe(true);
    expect(await table.takeSlot(first, 'acc', 1)).toBe(true);
    expect(await table.takeSlot(second, 'acc', 1)).toBe(false);
    expect(await table.takeSlot(second, 'other', 1)).toBe(true);
  });

  it('go to who waits for one before whoever has just come', async () => {
    const [waiting, newcomer] = [await claimed(), await claimed()];
    await table.apply(waiting, release({ account: 'acc', ready: true, nextActionAt: null }));
    expect(await table.takeSlot(newcomer, 'acc', 5)).toBe(false);
    const ready = {
      kind: 'ready',
      account: 'acc',
      slots: 5,
      holder: 'a',
      limit: 5,
      leaseSeconds: 30,
    } as const;
    const [served] = await table.claimDue(ready);
    expect(served).toMatchObject({ generation: waiting.generation, holdsSlot: true });
    expect(await table.takeSlot(newcomer, 'acc', 5)).toBe(true);
  });

  it('stay with a row whose holder died', async () => {
    const claim = await claimed();
    await table.takeSlot(claim, 'acc', 1);
    await expire(claim);
    const [second] = await table.claimDue(timed({ holder: 'b' }));
    expect(second).toMatchObject({ holdsSlot: true, account: 'acc' });
    expect(await table.freeSlots('acc', 1)).toBe(0);
  });
});

describe('ready work', () => {
  it('is apart from timed work, and comes with its slot', async () => {
    await queue('acc', ['acme', 'acme', 'acme']);
    await queue('other', ['acme']);
    expect(await table.claimDue(timed())).toEqual([]);
    expect(await table.msUntilDue(250)).toBeNull();
    const claims = await ready('acc', 2);
    expect(claims.map(({ account, holdsSlot }) => [account, holdsSlot])).toEqual([
      ['acc', true],
      ['acc', true],
    ]);
    expect(await ready('acc', 2)).toEqual([]);
    const [first] = claims;
    if (first) await table.apply(first, release({ holdsSlot: false }));
    expect(await ready('acc', 2)).toHaveLength(1);
  });

  it('is timed as well once its deadline has come or a message wakes it', async () => {
    const [overdue, woken] = [await claimed(), await claimed()];
    await table.apply(overdue, release({ account: 'acc', ready: true, nextActionAt: new Date(0) }));
    await table.apply(woken, release({ account: 'acc', ready: true }));
    expect((await table.claimDue(timed())).map(({ generation }) => generation)).toEqual([overdue.generation]);
    await table.wake(wakeOf({ generation: woken.generation, version: 2 }));
    expect((await table.claimDue(timed())).map(({ generation }) => generation)).toEqual([woken.generation]);
    expect(await ready('acc', 5)).toEqual([]);
  });

  it('lets tenants take turns, whatever the backlog of one, and over several claims', async () => {
    await queue('acc', ['big', 'big', 'big', 'big', 'small', 'tiny', 'big', 'small']);
    const all = await ready('acc', 5, 5);
    expect(all.map(({ tenant }) => tenant)).toEqual(['big', 'small', 'tiny', 'big', 'small']);

    await database.sql`DELETE FROM gateway.jobs`;
    await database.sql`DELETE FROM gateway.turns`;
    await queue('acc', ['big', 'big', 'big', 'small', 'small']);
    const one: string[] = [];
    for (let slots = 1; slots <= 5; slots += 1) one.push(...(await ready('acc', slots)).map((c) => c.tenant));
    expect(one).toEqual(['big', 'small', 'big', 'small', 'big']);
  });

  it('keeps the place of one that is given back', async () => {
    await queue('acc', ['acme', 'acme']);
    const [first] = await ready('acc', 1);
    if (!first) throw new Error('nothing was ready');
    await table.apply(first, release({ ready: true, holdsSlot: false }));
    expect((await ready('acc', 1)).map(({ generation }) => generation)).toEqual([first.generation]);
  });

  it('never exceeds the slots, with eight that claim and others that take at once', async () => {
    await queue(
      'acc',
      Array.from({ length: 30 }, (_, n) => `t${n % 4}`),
    );
    const others = await manyClaimed(6);
    const [claims, taken] = await Promise.all([
      Promise.all(Array.from({ length: 8 }, (_, n) => ready('acc', 10, 3, `h${n}`))),
      Promise.all(others.map((claim) => table.takeSlot(claim, 'acc', 10))),
    ]);
    const generations = claims.flat().map(({ generation }) => generation);
    expect(new Set(generations).size).toBe(generations.length);
    expect(generations.length + taken.filter(Boolean).length).toBe(10);
    expect(await table.freeSlots('acc', 10)).toBe(0);
  });
});

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
        INSERT INTO gateway.jobs (generation, tenant, due_at, account, ready_since)
        SELECT gen_random_uuid(), 't' || n % 3, CASE WHEN n % 2 = 0 THEN clock_timestamp() + interval '1 day' END,
               CASE WHEN n % 2 = 1 THEN 'acc' END, CASE WHEN n % 2 = 1 THEN clock_timestamp() END
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

it('a slot that is taken without waiting, or moves to another account, is numbered anew and counted', async () => {
  const first = await claimed();
  expect(await table.apply(first, { ...release(), release: false, account: 'found', holdsSlot: true })).toBe(
    true,
  );
  expect(await table.freeSlots('found', 1)).toBe(0);
  const second = await claimed();
  expect(await table.takeSlot(second, 'found', 1)).toBe(false);
  const numbers = await database.sql<{ slot: string }[]>`SELECT slot FROM gateway.jobs WHERE holds_slot`;
  expect(await table.apply(first, { ...release(), release: false, account: 'other', holdsSlot: true })).toBe(
    true,
  );
  const moved = await database.sql<{ slot: string }[]>`SELECT slot FROM gateway.jobs WHERE holds_slot`;
  expect(BigInt(moved[0]?.slot ?? 0)).toBeGreaterThan(BigInt(numbers[0]?.slot ?? 0));
  expect(await table.takeSlot(second, 'found', 1)).toBe(true);
  expect(await table.takeSlot(second, 'other', 1)).toBe(false);
});

it('tells how much has been due for long, and nobody takes', async () => {
  await table.wakeMany([wakeOf(), wakeOf()]);
  expect(await table.overdue(60)).toBe(0);
  await database.sql`UPDATE gateway.jobs SET due_at = due_at - interval '2 minutes'`;
  expect(await table.overdue(60)).toBe(2);
  // One that has not looked before: rows are moved back by this test alone.
  const another = workTable(database.sql, { schema: 'gateway' });
  expect(await another.claimDue(timed())).toHaveLength(2);
  await another.stop();
  expect(await table.overdue(60)).toBe(0);
});

it('refuses wakes after it was stopped, and answers those before', async () => {
  const other = workTable(database.sql, { schema: 'gateway' });
  const asked = other.wake(wakeOf());
  await other.stop();
  await asked;
  expect(await table.claimDue(timed())).toHaveLength(1);
  await expect(other.wake(wakeOf())).rejects.toThrow('stopped');
});
