import type { Claim } from './index.js';
import { release, TableUnderTest, timed, wakeOf } from './testing/table-under-test.js';

let on: TableUnderTest;
beforeAll(async () => {
  on = await TableUnderTest.create();
});
beforeEach(async () => on.clear());
afterAll(async () => on.drop());

describe('ready work', () => {
  it('is apart from timed work, and comes with its slot', async () => {
    await on.queue('acc', ['acme', 'acme', 'acme']);
    await on.queue('other', ['acme']);
    expect(await on.table.claimDue(timed())).toEqual([]);
    expect(await on.table.msUntilDue(250)).toBeNull();
    const claims = await on.ready('acc', 2);
    expect(claims.map(({ account, holdsSlot }) => [account, holdsSlot])).toEqual([
      ['acc', true],
      ['acc', true],
    ]);
    expect(await on.ready('acc', 2)).toEqual([]);
    const [first] = claims;
    if (first) await on.table.apply(first, release({ holdsSlot: false }));
    expect(await on.ready('acc', 2)).toHaveLength(1);
  });

  it('is timed as well once its deadline has come or a message wakes it', async () => {
    const [overdue, woken] = [await on.claimed(), await on.claimed()];
    await on.table.apply(overdue, release({ account: 'acc', ready: true, nextActionAt: new Date(0) }));
    await on.table.apply(woken, release({ account: 'acc', ready: true }));
    expect((await on.table.claimDue(timed())).map(({ generation }) => generation)).toEqual([
      overdue.generation,
    ]);
    await on.table.wake(wakeOf({ generation: woken.generation, version: 2 }));
    expect((await on.table.claimDue(timed())).map(({ generation }) => generation)).toEqual([
      woken.generation,
    ]);
    expect(await on.ready('acc', 5)).toEqual([]);
  });

  it('lets tenants take turns, whatever the backlog of one, and over several claims', async () => {
    await on.queue('acc', ['big', 'big', 'big', 'big', 'small', 'tiny', 'big', 'small']);
    const all = await on.ready('acc', 10, 5);
    expect(all.map(({ tenant }) => tenant)).toEqual(['big', 'small', 'tiny', 'big', 'small']);

    await on.database.sql`DELETE FROM gateway.jobs`;
    await on.database.sql`DELETE FROM gateway.turns`;
    await on.queue('acc', ['big', 'big', 'big', 'small', 'small']);
    const one: string[] = [];
    for (let slots = 1; slots <= 4; slots += 1)
      one.push(...(await on.ready('acc', slots)).map((c) => c.tenant));
    expect(one).toEqual(['big', 'small', 'big', 'small']);
  });

  it('shares by what jobs cost, and not by how many they are', async () => {
    await on.queue('acc', ['large', 'large', 'small', 'small', 'small', 'small', 'small']);
    await on.database.sql`UPDATE gateway.jobs SET cost = 3 WHERE tenant = 'large'`;
    const served = (await on.ready('acc', 20, 6)).map(({ tenant }) => tenant);
    expect(served).toEqual(['large', 'small', 'small', 'small', 'large', 'small']);
  });

  it('lets nobody save turns up by staying away, nor pay for having been alone', async () => {
    await on.queue('acc', ['busy', 'busy', 'busy', 'busy']);
    await on.ready('acc', 4, 4);
    await on.queue('acc', ['busy', 'busy', 'busy', 'new', 'new', 'new']);
    expect((await on.ready('acc', 20, 6)).map(({ tenant }) => tenant)).toEqual([
      'new',
      'busy',
      'new',
      'busy',
      'new',
      'busy',
    ]);
  });

  it('has what is new wait for a slot from the start, and tells for which accounts something waits', async () => {
    const wake = wakeOf({ account: 'acc', cost: 2, at: new Date(Date.now() + 60_000) });
    await on.table.wake(wake);
    expect(await on.table.waitedFor()).toEqual(['acc']);
    expect(await on.table.claimDue(timed())).toEqual([]);
    const [claim] = await on.ready('acc', 1);
    expect(claim).toMatchObject({ generation: wake.generation, holdsSlot: true, phase: null });
    expect(await on.table.waitedFor()).toEqual([]);
  });

  it('looks at what is not new at once, whoever says that it is', async () => {
    const wake = wakeOf({});
    await on.table.wake(wake);
    const [claim] = await on.table.claimDue(timed());
    if (!claim) throw new Error('nothing was due');
    await on.table.apply(claim, release({}));
    await on.table.wake({ ...wake, version: 2, account: 'acc', at: new Date(Date.now() + 60_000) });
    expect(await on.table.waitedFor()).toEqual([]);
    expect(await on.table.claimDue(timed())).toHaveLength(1);
  });

  it('takes a wish for a slot and whatever came since together for a wish to be looked at', async () => {
    const wake = wakeOf({ account: 'acc', at: new Date(Date.now() + 60_000) });
    await on.table.wakeMany([wake, { ...wakeOf({}), generation: wake.generation, version: 2 }]);
    expect(await on.table.claimDue(timed())).toHaveLength(1);
  });

  it('keeps the place of one that is given back', async () => {
    await on.queue('acc', ['acme', 'acme']);
    const [first] = await on.ready('acc', 1);
    if (!first) throw new Error('nothing was ready');
    await on.table.apply(first, release({ ready: true, holdsSlot: false }));
    expect((await on.ready('acc', 1)).map(({ generation }) => generation)).toEqual([first.generation]);
  });

  const tenantsOf = (claims: readonly Claim[]): string[] => claims.map(({ tenant }) => tenant).toSorted();
  const times = (tenant: string, n: number): string[] => Array.from({ length: n }, () => tenant);

  it('keeps a quarter of the slots from who crowds the account, as long as others share it', async () => {
    await on.queue('acc', [...times('big', 20), 'small']);
    // Half of eight is its share; beyond, it stops where two are left.
    expect(tenantsOf(await on.ready('acc', 8, 8))).toEqual([...times('big', 5), 'small']);
    expect(await on.ready('acc', 8, 8)).toEqual([]);
    await on.queue('acc', ['small', 'small', 'small']);
    expect(tenantsOf(await on.ready('acc', 8, 8))).toEqual(['small', 'small']);
  });

  it('leaves no slot idle that somebody wants, however many share them', async () => {
    await on.queue(
      'acc',
      ['a', 'b', 'c', 'd'].flatMap((tenant) => times(tenant, 10)),
    );
    expect(await on.ready('acc', 10, 10)).toHaveLength(10);
    await on.database.sql`DELETE FROM gateway.jobs`;
    await on.database.sql`DELETE FROM gateway.turns`;
    await on.queue(
      'acc',
      Array.from({ length: 300 }, (_, n) => `t${n % 30}`),
    );
    for (let nth = 0; nth < 10; nth += 1) await on.ready('acc', 100, 10);
    expect(await on.table.heldSlots('acc')).toBe(100);
  });

  it('looks past who crowds the account for one that does not, whatever its jobs cost', async () => {
    await on.queue('acc', [...times('a', 4), ...times('b', 4), 'c']);
    await on.database.sql`UPDATE gateway.jobs SET cost = 8 WHERE tenant = 'c'`;
    expect(await on.ready('acc', 20, 9)).toHaveLength(9);
    await on.queue('acc', [...times('a', 10), ...times('b', 10), 'c']);
    expect(tenantsOf(await on.ready('acc', 10, 1))).toEqual(['c']);
  });

  it('gives whoever is alone all of them, and again some minutes after the others', async () => {
    await on.queue('acc', times('big', 30));
    expect(await on.ready('acc', 10, 10)).toHaveLength(10);
    await on.database.sql`DELETE FROM gateway.jobs WHERE holder IS NOT NULL`;
    await on.queue('acc', ['small']);
    const [one] = (await on.ready('acc', 10, 9)).filter(({ tenant }) => tenant === 'small');
    if (one === undefined) throw new Error('small was not served');
    await on.database.sql`DELETE FROM gateway.jobs WHERE generation = ${one.generation}`;
    expect(await on.database.sql`SELECT FROM gateway.jobs WHERE holds_slot`).toHaveLength(7);
    expect(await on.ready('acc', 10, 10)).toHaveLength(1);
    await on.database
      .sql`UPDATE gateway.turns SET seen_at = seen_at - interval '4 minutes' WHERE tenant = 'small'`;
    expect(await on.ready('acc', 10, 10)).toHaveLength(2);
  });

  it('holds nobody up who has a job more than its share now and then', async () => {
    await on.queue('acc', [...times('big', 20), ...times('small', 3)]);
    await on.ready('acc', 4, 4);
    // Of four, as the turns have it: two each. One more is above the share of small, and is not held back by what is kept.
    await on.queue('acc', ['other']);
    expect(tenantsOf(await on.ready('acc', 6, 2))).toEqual(['other', 'small']);
  });

  it('never exceeds the slots, with eight that claim and others that take at once', async () => {
    await on.queue(
      'acc',
      Array.from({ length: 30 }, (_, n) => `t${n}`),
    );
    const others = await on.manyClaimed(6);
    const [claims, taken] = await Promise.all([
      Promise.all(Array.from({ length: 8 }, (_, n) => on.ready('acc', 10, 3, `h${n}`))),
      Promise.all(others.map((claim) => on.table.takeSlot(claim, 'acc', 10))),
    ]);
    const generations = claims.flat().map(({ generation }) => generation);
    expect(new Set(generations).size).toBe(generations.length);
    expect(generations.length + taken.filter(Boolean).length).toBe(10);
    expect(await on.table.heldSlots('acc')).toBe(10);
  });
});
