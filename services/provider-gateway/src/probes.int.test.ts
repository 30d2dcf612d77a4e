import { setTimeout as pause } from 'node:timers/promises';
import { GatewayUnderTest, until } from './testing/gateway-under-test.js';
import { json, VendorDouble } from './testing/vendor-double.js';

let gateway: GatewayUnderTest;
let vendor: VendorDouble;

beforeEach(async () => {
  gateway = await GatewayUnderTest.create();
  vendor = await VendorDouble.start();
  vendor.says(({ method }) =>
    method === 'POST' ? json(201, { id: `job_${Math.random()}`, status: 'queued' }) : json(404, {}),
  );
});
afterEach(async () => {
  await gateway.drop();
  await vendor.stop();
});

/** A gateway that does this the first time that it comes to that line. */
const startWith = (line: number, act: () => Promise<void>) => {
  let isFirst = true;
  const at = async (reached: number): Promise<void> => {
    if (reached !== line || !isFirst) return;
    isFirst = false;
    await act();
  };
  return gateway.start(vendor.url, {}, { at });
};
const openBreaker = () => gateway.database.sql`
  insert into gateway.account_gates (account, paused_by) values ('sim', 'BREAKER')
  on conflict (account) do update set paused_by = 'BREAKER', not_before = '-infinity'`;

it('a probe whose connection closed before it was sent lets another go soon', async () => {
  await openBreaker();
  await startWith(3, async () => {
    vendor.hangUp();
    await pause(200);
  });
  const first = await gateway.request('standard');
  const { attempts } = await gateway.when('not sent', first, ({ phase }) => phase === 'waiting');
  expect(attempts).toMatchObject([{ status: 'not_sent', isProbe: true }]);
  // A probe that nobody tells of holds the account back for 15 s at least, or for as long as its answer may take.
  const second = await gateway.request('standard');
  await gateway.when('accepted', second, ({ phase }) => phase === 'processing', 10);
  await until(5, async () => ((await gateway.pausedBy()) === null ? {} : 'still on probation'));
});

it('whoever finds that the sender of a probe is gone tells what came of it', async () => {
  await openBreaker();
  await startWith(2, async () => {
    throw new Error('killed here');
  });
  const generation = await gateway.request('blind');
  const { attempts } = await gateway.when('unknown', generation, ({ phase }) => phase === 'unresolved');
  expect(attempts).toMatchObject([{ status: 'unknown', isProbe: true }]);
  await until(10, async () => {
    const [row] = await gateway.database.sql`
      select from gateway.account_gates where probes_failed = 1 and not_before < clock_timestamp() + interval '10 seconds'`;
    return row ?? 'nobody has told yet';
  });
});

it('an order to stop that comes while the intent is written is heeded: nothing is sent', async () => {
  await startWith(3, async () => {
    await gateway.pauseAccount();
    // Gateways look at the accounts once a second.
    await pause(2_500);
  });
  const generation = await gateway.request('standard');
  const { attempts } = await gateway.when('not sent', generation, ({ phase }) => phase === 'waiting');
  expect(attempts).toMatchObject([{ status: 'not_sent', charge: 'CHARGE_NONE' }]);
  expect(vendor.submits).toEqual([]);
});
