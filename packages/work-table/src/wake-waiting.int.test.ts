import { databaseRoles } from '@darkroom/event-store';
import { createTestDatabase, innerPlans, stepsOf } from '@darkroom/event-store/testing';
import { type WaitingPlace, workTable, workTableMigrations } from './index.js';
import { release, TableUnderTest, timed, wakeOf } from './testing/table-under-test.js';

let on: TableUnderTest;
beforeAll(async () => {
  on = await TableUnderTest.create();
});
beforeEach(async () => on.clear());
afterAll(async () => on.drop());

const inAnHour = new Date(Date.now() + 3_600_000);
/** New work of one account, in this order. @returns its generations */
async function queue(account: string, elsewhere: boolean, count: number): Promise<string[]> {
  const wakes = Array.from({ length: count }, () => wakeOf({ account, elsewhere, at: inAnHour }));
  for (const wake of wakes) await on.table.wake(wake);
  return wakes.map(({ generation }) => generation);
}
const woken = async (): Promise<string[]> =>
  (await on.table.claimDue(timed({ limit: 1_000 }))).map(({ generation }) => generation).toSorted();

it('wakes what may go elsewhere, whatever waits before it', async () => {
  await on.table.wakeMany(
    Array.from({ length: 250 }, () => wakeOf({ account: 'acc', elsewhere: false, at: inAnHour })),
  );
  const [other] = await queue('acc', true, 1);
  await queue('another', true, 1);
  expect(await on.table.wakeWaiting('acc', null, 50)).toBeNull();
  expect(await woken()).toEqual([other]);
});

it('goes on behind those that it woke, to the last one', async () => {
  const rows = await queue('acc', true, 5);
  let after: WaitingPlace | null = null;
  const places: (string | undefined)[] = [];
  const all: string[][] = [];
  for (let call = 0; call < 3; call += 1) {
    after = await on.table.wakeWaiting('acc', after, 2);
    places.push(after?.generation);
    // They wait again, in their places: who walks along does not come back to them.
    const claims = await on.table.claimDue(timed());
    all.push(claims.map(({ generation }) => generation).toSorted());
    for (const claim of claims)
      await on.table.apply(claim, release({ account: 'acc', ready: true, nextActionAt: inAnHour }));
  }
  expect(all).toEqual([rows.slice(0, 2).toSorted(), rows.slice(2, 4).toSorted(), rows.slice(4)]);
  expect(places).toEqual([rows[1], rows[3], undefined]);
});

it('takes nobody for bound to its account who was not said to be, and keeps what was said', async () => {
  const [unsaid, bound, free] = [
    wakeOf({ account: 'acc', at: inAnHour }),
    await on.claimed(),
    await on.claimed(),
  ];
  await on.table.wake(unsaid);
  await on.table.apply(bound, release({ account: 'acc', ready: true, elsewhere: false }));
  await on.table.apply(free, release({ account: 'acc', ready: true, elsewhere: true }));
  for (const claim of await on.ready('acc', 5))
    await on.table.apply(claim, release({ ready: true, holdsSlot: false, nextActionAt: inAnHour }));
  await on.table.wakeWaiting('acc', null, 50);
  expect(await woken()).toEqual([unsaid.generation, free.generation].toSorted());
});

it('is no longer bound, nor waits for a slot, once something else came for what was not there yet', async () => {
  const wake = wakeOf({ account: 'acc', elsewhere: false, at: inAnHour });
  await on.table.wakeMany([wake, { ...wakeOf(), generation: wake.generation, version: 2 }]);
  expect(await woken()).toEqual([wake.generation]);
});

it('walks an index of its own, also with a hundred thousand rows that have nowhere to go', async () => {
  const own = await createTestDatabase({ migrations: [workTableMigrations('gateway')] });
  try {
    await own.superuser.unsafe(`
      SET statement_timeout = 0;
      INSERT INTO gateway.jobs (generation, tenant, due_at, account, ready_since, elsewhere)
      SELECT gen_random_uuid(), 't' || n % 3, clock_timestamp() + interval '1 day', 'acc',
             clock_timestamp() + make_interval(secs => n), n % 100 = 0
      FROM generate_series(1, 100000) n`);
    for (const analyzed of [false, true]) {
      if (analyzed) await own.superuser`ANALYZE gateway.jobs`;
      const plans = await innerPlans(own, databaseRoles.worker, async (session) => {
        const alone = workTable(session, { schema: 'gateway' });
        const after = await alone.wakeWaiting('acc', null, 50);
        await alone.wakeWaiting('acc', after, 50);
      });
      const walks = plans.filter(({ statement }) => statement.includes('elsewhere'));
      expect(walks).toHaveLength(2);
      for (const { plan } of walks) {
        expect(stepsOf(plan).map(({ index }) => index)).toContain('jobs_elsewhere');
        // Fifty rows, each found, locked and written: nothing that lies between them.
        expect(plan.pages).toBeLessThan(2_000);
      }
    }
  } finally {
    await own.drop();
  }
});
