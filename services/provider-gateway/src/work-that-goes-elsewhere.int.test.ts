import { randomUUID } from 'node:crypto';
import { loadProviderAccount, providerAccountStream, tenantOfAccounts } from '@darkroom/provider-accounts';
import { type ProviderAccount, simulatorAccount } from './index.js';
import { GatewayUnderTest, until } from './testing/gateway-under-test.js';
import { json, refusal, VendorDouble, type VendorReply } from './testing/vendor-double.js';

const models = ['sim/standard', 'replicate/black-forest-labs/flux-schnell'];
let gateway: GatewayUnderTest;
let first: VendorDouble;
let second: VendorDouble;

beforeEach(async () => {
  gateway = await GatewayUnderTest.create();
  first = await VendorDouble.start();
  second = await VendorDouble.start();
  let nth = 0;
  second.says(({ method, path }) => {
    if (method !== 'POST') return json(200, { id: path.split('/').at(-1), status: 'processing' });
    nth += 1;
    return json(201, { id: `prediction${nth}`, status: 'starting' });
  });
});
afterEach(async () => {
  await gateway.drop();
  await second.stop();
});

/** A gateway with both vendors; the first does so many jobs at once. */
async function start(slots: number, url = first.url): Promise<void> {
  const accounts: readonly ProviderAccount[] = [
    { ...simulatorAccount(url), limits: { concurrent: slots } },
    { id: 'second', vendor: 'replicate', baseUrl: second.url, credential: 'k', privateAddress: true },
  ];
  await gateway.start(url, { accounts });
}
const ask = async (count: number): Promise<string[]> => {
  const all: string[] = [];
  for (let nth = 0; nth < count; nth += 1)
    all.push(await gateway.request('standard', { route: models, side: 1024 }));
  return all;
};
/** The first says this to whoever asks for a job, and of its jobs that they run. */
const firstSays = (reply: VendorReply): void =>
  first.says(({ method, path }) =>
    method === 'POST' ? reply : json(200, { id: path.slice('/v1/jobs/'.length), status: 'running' }),
  );
const wait = async (all: readonly string[]): Promise<void> => {
  for (const generation of all)
    await gateway.whenRow('waits for the first', generation, ({ ready }) => ready);
};
const goOn = async (all: readonly string[]): Promise<void> => {
  for (const generation of all)
    await gateway.when(
      'is at the second',
      generation,
      ({ attempts }) => attempts.at(-1)?.account === 'second',
    );
};
const ofOperator = async (reason: string): Promise<void> => {
  const account = simulatorAccount('').id;
  const { state } = (await loadProviderAccount(gateway.store, account)) ?? {};
  if (state === undefined) throw new Error('no gateway has registered the account');
  const { outcome } = await gateway.store.append({
    stream: providerAccountStream(account),
    expected: state.version,
    events: [
      {
        id: randomUUID(),
        type: 'ProviderAccountPaused',
        data: { account, cause: 'PAUSE_CAUSE_OPERATOR', reason },
      },
    ],
    metadata: { tenant: tenantOfAccounts, actor: 'operator:test' },
    by: 'control-plane',
  });
  if (outcome !== 'appended') throw new Error(outcome);
};

describe('what waits for an account goes on along its route', () => {
  it('when nobody can connect to its vendor, also who was claimed to see whether that is over', async () => {
    const { url } = first;
    await first.stop();
    await start(4, url);
    const all = await ask(12);
    await goOn(all);
    expect(await gateway.pausedBy()).toBe('BREAKER');
    // All of them by way of its queue: nothing was sent, and nothing counts as a try.
    for (const generation of all)
      expect((await gateway.load(generation)).state).toMatchObject({
        attempts: [{ account: 'second' }],
        spent: 0,
      });
  });

  it.each([401, 402, 403])('when its vendor refuses it with %i', async (status) => {
    firstSays({ ...refusal(status, 'no'), afterMs: 1_000 });
    await start(1);
    const [refused = '', ...others] = await ask(8);
    await gateway.when('is sent', refused, ({ attempts }) => attempts.length > 0);
    await wait(others);
    await goOn(others);
    expect(first.submits).toHaveLength(1);
    await first.stop();
  });

  it('when an operator pauses it, past any number that has nowhere else to go', async () => {
    firstSays(json(201, { id: 'job_1', status: 'queued' }));
    await start(1);
    const [running = ''] = await ask(1);
    await gateway.when('runs', running, ({ phase }) => phase === 'processing');
    const bound = await Promise.all(Array.from({ length: 210 }, async () => gateway.request('standard')));
    await wait(bound);
    const others = await ask(3);
    await wait(others);
    await ofOperator('a test');
    await goOn(others);
    expect(first.submits).toHaveLength(1);
    const rows = await gateway.database.sql<{ n: number }[]>`
      select count(*)::int as n from gateway.jobs where ready_since is not null and account = 'sim'`;
    expect(rows).toEqual([{ n: 210 }]);
    await first.stop();
  });
});

it('is tried again and again while nobody can connect to it, and used again when it is back', async () => {
  const { port, url } = first;
  await first.stop();
  await start(4, url);
  await goOn(await ask(6));
  first = await VendorDouble.start(port);
  firstSays(json(201, { id: 'job_1', status: 'queued' }));
  await until(45, async () => {
    await ask(5);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    return first.submits.length > 0 && (await gateway.pausedBy()) === null ? {} : 'the first is not used';
  });
  await first.stop();
});
