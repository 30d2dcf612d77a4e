import { randomUUID } from 'node:crypto';
import type { NewEvent } from '@darkroom/event-store';
import { type Claim, type Move, workTable } from './index.js';
import { release, TableUnderTest, timed, wakeOf } from './testing/table-under-test.js';

let on: TableUnderTest;
beforeAll(async () => {
  on = await TableUnderTest.create();
});
beforeEach(async () => on.clear());
afterAll(async () => on.drop());

const progress = (): NewEvent<'ProgressReported'> => ({
  id: randomUUID(),
  type: 'ProgressReported',
  data: { run: 1, attempt: 1, percent: 10, vendorStatus: 'running' },
});
const append = (stream: string, expected: number | 'none', claim: Claim, move: Move) =>
  on.store.append({
    stream,
    expected,
    events: [progress()],
    metadata: { tenant: 'acme', actor: 'service:provider-gateway' },
    by: 'provider-gateway',
    with: on.table.move(claim, move),
  });

describe('wake', () => {
  it('makes a row that is claimed once', async () => {
    const wake = wakeOf({ traceparent: '00-a-b-01', version: 3 });
    await on.table.wake(wake);
    expect(await on.table.claimDue(timed())).toEqual([
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
    expect(await on.table.claimDue(timed())).toEqual([]);
  });

  it('does nothing for a version that the row has seen, its own append included', async () => {
    const claim = await on.claimed();
    await on.table.apply(claim, release({ foldedVersion: 2 }));
    await on.table.wakeMany([1, 2].map((version) => wakeOf({ generation: claim.generation, version })));
    expect(await on.table.claimDue(timed())).toEqual([]);
    await on.table.wake(wakeOf({ generation: claim.generation, version: 3 }));
    expect(await on.table.claimDue(timed())).toHaveLength(1);
  });

  it('knows what the first of several told, which come at once, in whatever order', async () => {
    for (const order of [1, -1]) {
      const generation = randomUUID();
      const first = wakeOf({ generation, traceparent: '00-a-b-01', cost: 5 });
      const wakes = [first, wakeOf({ generation, version: 2 })];
      await on.table.wakeMany(order === 1 ? wakes : wakes.toReversed());
      const [row] = await on.database.sql`
        SELECT cost, traceparent, seen_version AS seen FROM gateway.jobs WHERE generation = ${generation}`;
      expect(row).toEqual({ cost: 5, traceparent: '00-a-b-01', seen: 2 });
    }
  });

  it('waits for a time in the future, and comes earlier when another asks for it', async () => {
    const generation = randomUUID();
    await on.table.wake(wakeOf({ generation, at: new Date(Date.now() + 60_000) }));
    expect(await on.table.claimDue(timed())).toEqual([]);
    expect(await on.table.msUntilDue(250)).toBeNull();
    expect(await on.table.msUntilDue(3_600_000)).toBeGreaterThan(30_000);
    await on.table.wake(wakeOf({ generation, version: 2 }));
    expect(await on.table.msUntilDue(250)).toBe(0);
    expect(await on.table.claimDue(timed())).toHaveLength(1);
  });

  it('takes many at once, several for one generation among them', async () => {
    const generations = Array.from({ length: 300 }, () => randomUUID());
    const wakes = generations.flatMap((generation) =>
      [2, 1, 3].map((version) => wakeOf({ generation, version })),
    );
    await Promise.all(wakes.map((wake) => on.table.wake(wake)));
    const claims = await on.table.claimDue(timed({ limit: 1_000 }));
    expect(new Set(claims.map(({ seenVersion }) => seenVersion))).toEqual(new Set([3]));
    expect(claims).toHaveLength(300);
  });

  it('that comes while a holder works makes the row due again when it lets go', async () => {
    const claim = await on.claimed();
    await on.table.wake(wakeOf({ generation: claim.generation, version: 2 }));
    expect(await on.table.claimDue(timed())).toEqual([]);
    const far = new Date(Date.now() + 60_000);
    await on.table.apply(claim, release({ foldedVersion: 1, nextActionAt: far }));
    const [again] = await on.table.claimDue(timed({ holder: 'b' }));
    expect(again).toMatchObject({ generation: claim.generation, seenVersion: 2, takenOver: false });
  });

  it('that comes while a holder works is spent when the holder has folded it', async () => {
    const claim = await on.claimed();
    await on.table.wake(wakeOf({ generation: claim.generation, version: 2 }));
    await on.table.apply(claim, release({ foldedVersion: 2 }));
    expect(await on.table.claimDue(timed())).toEqual([]);
    expect(await on.table.msUntilDue(250)).toBeNull();
  });

  it('does not make a row due at once that its holder puts off without having folded', async () => {
    const claim = await on.claimed(30, { version: 4 });
    const far = new Date(Date.now() + 60_000);
    await on.table.apply(claim, release({ foldedVersion: 0, nextActionAt: far }));
    expect(await on.table.claimDue(timed())).toEqual([]);
    expect(await on.table.msUntilDue(250)).toBeNull();
    expect(await on.table.msUntilDue(3_600_000)).toBeGreaterThan(30_000);
  });
});

describe('claims', () => {
  it('never give one row to two', async () => {
    await on.table.wakeMany(Array.from({ length: 200 }, () => wakeOf()));
    const holders = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const taken = await Promise.all(
      holders.map(async (holder) => {
        const mine: string[] = [];
        for (;;) {
          const claims = await on.table.claimDue(timed({ holder, limit: 7 }));
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
    await on.table.wake(late);
    await on.table.wake(later);
    const claims = await on.table.claimDue(timed({ limit: 1 }));
    expect(claims.map(({ generation }) => generation)).toEqual([late.generation]);
  });

  it('pass over a row that another transaction is at', async () => {
    const [one, other] = [wakeOf(), wakeOf()];
    await on.table.wakeMany([one, other]);
    await on.database.sql.begin(async (tx) => {
      await tx`SELECT 1 FROM gateway.jobs WHERE generation = ${one.generation} FOR UPDATE`;
      const claims = await on.table.claimDue(timed());
      expect(claims.map(({ generation }) => generation)).toEqual([other.generation]);
    });
  });

  it('are taken over at the end of their lease, and say so', async () => {
    const first = await on.claimed();
    await on.expire(first);
    const [second] = await on.table.claimDue(timed({ holder: 'b' }));
    expect(second).toMatchObject({ generation: first.generation, takenOver: true });
    expect(second?.fencing).toBe(first.fencing + 1n);
  });

  it('end by the clock of the database', async () => {
    const first = await on.claimed(0.02);
    const end = Date.now() + 5_000;
    let taken: Claim[] = [];
    while (taken.length === 0 && Date.now() < end) taken = await on.table.claimDue(timed({ holder: 'b' }));
    expect(taken[0]).toMatchObject({ generation: first.generation, takenOver: true });
  });

  it('are kept by renewing, which tells what came and what was lost', async () => {
    const [kept, lost] = [await on.claimed(0.5), await on.claimed()];
    await on.expire(lost);
    await on.table.claimDue(timed({ holder: 'b' }));
    await on.table.wake(wakeOf({ generation: kept.generation, version: 2 }));
    const released = await on.claimed();
    await on.table.apply(released, release());
    const held = await on.table.renew([lost, kept, released], 60);
    expect(held).toEqual([{ ...kept, seenVersion: 2 }]);
    expect(await on.table.renew([], 60)).toEqual([]);
    const [row] = await on.database.sql<{ left: number }[]>`
      SELECT extract(epoch FROM due_at - clock_timestamp())::float8 AS left FROM gateway.jobs WHERE generation = ${kept.generation}`;
    expect(row?.left).toBeGreaterThan(30);
  });
});

describe('fencing', () => {
  it('lets a stale holder touch nothing', async () => {
    const stale = await on.claimed();
    await on.expire(stale);
    const [present] = await on.table.claimDue(timed({ holder: 'b' }));
    expect(present).toBeDefined();
    const before = await on.database.sql`SELECT * FROM gateway.jobs`;
    expect(await append(stale.generation, 'none', stale, release({ phase: 'stolen' }))).toEqual({
      outcome: 'fenced',
    });
    expect(await on.store.readStream(stale.generation)).toEqual([]);
    expect(await on.table.apply(stale, release({ phase: 'stolen' }))).toBe(false);
    expect(await on.table.takeSlot(stale, 'acc', 5)).toBe(false);
    expect(await on.table.renew([stale], 60)).toEqual([]);
    expect(await on.database.sql`SELECT * FROM gateway.jobs`).toEqual(before);
  });

  it('ends a claim with its release', async () => {
    const claim = await on.claimed();
    expect(await on.table.apply(claim, release())).toBe(true);
    expect(await on.table.apply(claim, release())).toBe(false);
  });

  it('moves the row in the transaction of the append, and not without it', async () => {
    const claim = await on.claimed();
    const stays = release({ phase: 'submitting', release: false, account: 'acc', foldedVersion: 1 });
    expect((await append(claim.generation, 'none', claim, stays)).outcome).toBe('appended');
    const conflict = await append(claim.generation, 'none', claim, release({ phase: 'wrong' }));
    expect(conflict).toEqual({ outcome: 'conflict', actual: 1 });
    const done = release({ phase: 'processing', foldedVersion: 2, nextActionAt: new Date(0) });
    expect((await append(claim.generation, 1, claim, done)).outcome).toBe('appended');
    const [again] = await on.table.claimDue(timed());
    expect(again).toMatchObject({ phase: 'processing', foldedVersion: 2, account: 'acc', takenOver: false });
  });
});

it('tells how much has been due for long, and nobody takes', async () => {
  await on.table.wakeMany([wakeOf(), wakeOf()]);
  expect(await on.table.overdue(60)).toBe(0);
  await on.database.sql`UPDATE gateway.jobs SET due_at = due_at - interval '2 minutes'`;
  expect(await on.table.overdue(60)).toBe(2);
  // One that has not looked before: rows are moved back by this test alone.
  const another = workTable(on.database.sql, { schema: 'gateway' });
  expect(await another.claimDue(timed())).toHaveLength(2);
  await another.stop();
  expect(await on.table.overdue(60)).toBe(0);
});

it('refuses wakes after it was stopped, and answers those before', async () => {
  const other = workTable(on.database.sql, { schema: 'gateway' });
  const asked = other.wake(wakeOf());
  await other.stop();
  await asked;
  expect(await on.table.claimDue(timed())).toHaveLength(1);
  await expect(other.wake(wakeOf())).rejects.toThrow('stopped');
});
