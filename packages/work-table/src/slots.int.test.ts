import { release, TableUnderTest, timed } from './testing/table-under-test.js';

let on: TableUnderTest;
beforeAll(async () => {
  on = await TableUnderTest.create();
});
beforeEach(async () => on.clear());
afterAll(async () => on.drop());

describe('slots', () => {
  it('are never more than there are, under eight that take at once', async () => {
    const claims = await on.manyClaimed(8);
    for (let round = 0; round < 10; round += 1) {
      const taken = await Promise.all(claims.map((claim) => on.table.takeSlot(claim, 'acc', 3)));
      expect(taken.filter(Boolean)).toHaveLength(3);
      expect(await on.table.heldSlots('acc')).toBe(3);
      await Promise.all(
        claims.map((claim) => on.table.apply(claim, release({ release: false, holdsSlot: false }))),
      );
      expect(await on.table.heldSlots('acc')).toBe(0);
    }
  });

  it('are one for a row, however often it asks, and none with one full', async () => {
    const [first, second] = [await on.claimed(), await on.claimed()];
    expect(await on.table.takeSlot(first, 'acc', 1)).toBe(true);
    expect(await on.table.takeSlot(first, 'acc', 1)).toBe(true);
    expect(await on.table.takeSlot(second, 'acc', 1)).toBe(false);
    expect(await on.table.takeSlot(second, 'other', 1)).toBe(true);
  });

  it('go to who waits for one before whoever has just come', async () => {
    const [waiting, newcomer] = [await on.claimed(), await on.claimed()];
    await on.table.apply(waiting, release({ account: 'acc', ready: true, nextActionAt: null }));
    expect(await on.table.takeSlot(newcomer, 'acc', 5)).toBe(false);
    const ready = {
      kind: 'ready',
      account: 'acc',
      slots: 5,
      holder: 'a',
      limit: 5,
      leaseSeconds: 30,
    } as const;
    const [served] = await on.table.claimDue(ready);
    expect(served).toMatchObject({ generation: waiting.generation, holdsSlot: true });
    expect(await on.table.takeSlot(newcomer, 'acc', 5)).toBe(true);
  });

  it('stay with a row whose holder died', async () => {
    const claim = await on.claimed();
    await on.table.takeSlot(claim, 'acc', 1);
    await on.expire(claim);
    const [second] = await on.table.claimDue(timed({ holder: 'b' }));
    expect(second).toMatchObject({ holdsSlot: true, account: 'acc' });
    expect(await on.table.heldSlots('acc')).toBe(1);
  });
});

it('a slot that is taken without waiting, or moves to another account, is numbered anew and counted', async () => {
  const first = await on.claimed();
  expect(
    await on.table.apply(first, { ...release(), release: false, account: 'found', holdsSlot: true }),
  ).toBe(true);
  expect(await on.table.heldSlots('found')).toBe(1);
  const second = await on.claimed();
  expect(await on.table.takeSlot(second, 'found', 1)).toBe(false);
  const numbers = await on.database.sql<{ slot: string }[]>`SELECT slot FROM gateway.jobs WHERE holds_slot`;
  expect(
    await on.table.apply(first, { ...release(), release: false, account: 'other', holdsSlot: true }),
  ).toBe(true);
  const moved = await on.database.sql<{ slot: string }[]>`SELECT slot FROM gateway.jobs WHERE holds_slot`;
  expect(BigInt(moved[0]?.slot ?? 0)).toBeGreaterThan(BigInt(numbers[0]?.slot ?? 0));
  expect(await on.table.takeSlot(second, 'found', 1)).toBe(true);
  expect(await on.table.takeSlot(second, 'other', 1)).toBe(false);
});
