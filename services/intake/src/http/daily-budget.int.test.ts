import { newUuid, toPublicId } from '@darkroom/platform';
import { refuse, startAttempt } from '../testing/gateway-events.js';
import type { Answer } from '../testing/http-call.js';
import { startTestIntake, type TestIntake } from '../testing/test-intake.js';
import { until } from '../testing/until.js';

/** What a picture of the simulator is expected to cost. */
const picture = 40_000n;
let intake: TestIntake;

beforeAll(async () => {
  intake = await startTestIntake({ dailyBudget: 2n * picture + 1n });
});
afterAll(() => intake.stop());

const ask = (key = newUuid(), as = intake.key): Promise<Answer> =>
  intake.bare({
    method: 'POST',
    path: '/v1/generations',
    headers: { authorization: `Bearer ${as}`, 'idempotency-key': key },
    body: { prompt: 'a boat' },
  });
const idOf = (answer: Answer): string => answer.json<{ data: { id: string } }>().data.id;
it('answers 402 to what would come over it, keeps what was accepted, and lets other tenants be', async () => {
  const first = newUuid();
  const accepted = [await ask(first), await ask()];
  expect(accepted.map(({ status }) => status)).toEqual([202, 202]);
  const streams = async (): Promise<number> =>
    (await intake.database.sql`select from event_store.streams`).length;
  const before = await streams();
  const refused = await ask();
  expect(refused.status).toBe(402);
  expect(refused.json()).toMatchObject({
    code: 'budget_used_up',
    detail: expect.stringMatching(/A new day begins at \d{4}-\d\d-\d\dT00:00:00\.000Z\.$/),
    retryable: false,
  });
  expect(await streams()).toBe(before);
  // What a key was used for is answered as before, whatever was spent since.
  const again = await ask(first);
  expect([again.status, again.headers['idempotency-replayed'], idOf(again)]).toEqual([
    202,
    'true',
    idOf(accepted[0] ?? again),
  ]);
  expect((await ask(newUuid(), intake.foreignKey)).status).toBe(202);
});

it('gives back what turned out to cost nothing', async () => {
  const [oldest] = await intake.database.sql<{ id: string }[]>`
    select id::text from event_store.streams where tenant = 'demo' order by created_at limit 1`;
  if (oldest === undefined) throw new Error('nothing was asked for');
  const id = toPublicId('gen', oldest.id);
  await startAttempt(intake.store, id);
  expect((await ask()).status).toBe(402);
  await refuse(intake.store, id);
  await until('accepted again', async () => ((await ask()).status === 202 ? true : undefined));
  expect((await ask()).status).toBe(402);
});

it('is the tenant’s own where it has one', async () => {
  await intake.database.superuser`update intake.tenants set daily_budget_micros = 0 where id = 'other'`;
  await until('its own budget counts', async () =>
    (await ask(newUuid(), intake.foreignKey)).status === 402 ? true : undefined,
  );
  await intake.database
    .superuser`update intake.tenants set daily_budget_micros = ${String(100n * picture)} where id = 'other'`;
  await until('its own budget counts', async () =>
    (await ask(newUuid(), intake.foreignKey)).status === 202 ? true : undefined,
  );
});
