import { setTimeout as pause } from 'node:timers/promises';
import { currentAttempt, type GenerationState } from '@darkroom/domain';
import { openDatabase } from '@darkroom/event-store';
import { createLogger } from '@darkroom/platform';
import { GatewayUnderTest, until } from './testing/gateway-under-test.js';
import { json, refusal, VendorDouble } from './testing/vendor-double.js';

let gateway: GatewayUnderTest;
let vendor: VendorDouble;

beforeEach(async () => {
  gateway = await GatewayUnderTest.create();
  vendor = await VendorDouble.start();
});
afterEach(async () => {
  await gateway.drop();
  await vendor.stop();
});

const picture = { url: 'http://127.0.0.1:9/a.png' };
const b64 = Buffer.from('a picture').toString('base64');
const isProduced = ({ phase }: GenerationState): boolean => phase === 'storing';

/** A vendor whose jobs take so long; it counts how many ran at once. */
function jobsOf(ms: number): { most: () => number } {
  const ends = new Map<string, number>();
  let most = 0;
  const open = (): number => [...ends.values()].filter((end) => end > Date.now()).length;
  vendor.says(({ method, path }) => {
    if (method === 'POST' && path === '/v1/jobs') {
      const id = `job_${ends.size}`;
      ends.set(id, Date.now() + ms);
      most = Math.max(most, open());
      return json(201, { id, status: 'queued' });
    }
    const id = path.slice('/v1/jobs/'.length);
    return (ends.get(id) ?? Infinity) > Date.now()
      ? json(200, { id, status: 'running' })
      : json(200, { id, status: 'succeeded', outputs: [picture] });
  });
  return { most: () => most };
}

describe('the limit of jobs at once', () => {
  it('makes work wait, over two gateways, and loses none', async () => {
    const jobs = jobsOf(150);
    await gateway.start(vendor.url, { slots: 2 });
    await gateway.start(vendor.url, { slots: 2 });
    const all = await Promise.all(Array.from({ length: 12 }, async () => gateway.request('standard')));
    for (const generation of all) await gateway.when('produced', generation, isProduced, 40);
    expect(jobs.most()).toBe(2);
    expect(vendor.submits).toHaveLength(12);
  });

  it('is shared fairly: a tenant with a long queue does not keep another one out', async () => {
    jobsOf(100);
    const crowd = await Promise.all(
      Array.from({ length: 30 }, async () => gateway.request('standard', { tenant: 'crowd' })),
    );
    await gateway.start(vendor.url, { slots: 1 });
    for (const generation of crowd)
      await gateway.whenRow('queued', generation, ({ phase, ready }) => phase !== null || ready);
    const one = await gateway.request('standard', { tenant: 'one' });
    await gateway.when('produced', one, isProduced, 40);
    const served = await Promise.all(crowd.map(async (generation) => (await gateway.load(generation)).state));
    expect(served.filter(({ phase }) => phase === 'requested').length).toBeGreaterThan(10);
  });

  it('does not keep a cancel waiting', async () => {
    vendor.says(({ method, path }) =>
      method === 'POST' && path === '/v1/jobs'
        ? json(201, { id: 'job_1', status: 'queued' })
        : json(200, { id: 'job_1', status: 'running' }),
    );
    await gateway.start(vendor.url, { slots: 1 });
    const first = await gateway.request('standard');
    await gateway.when('running', first, ({ phase }) => phase === 'processing');
    const second = await gateway.request('standard');
    await gateway.whenRow('waits for a slot', second, ({ ready }) => ready);
    await gateway.cancel(second);
    const state = await gateway.when('canceled', second, ({ phase }) => phase === 'canceled', 15);
    expect(state.charge).toBe('CHARGE_NONE');
    expect(vendor.submits).toHaveLength(1);
  });
});

it('a submit whose intent took longer to write than its turn lasts goes in the next one: nothing is tried in vain', async () => {
  vendor.says(({ method, path }) =>
    method === 'POST' && path === '/v1/jobs'
      ? json(201, { id: `job_${Math.random()}`, status: 'queued' })
      : json(200, { id: path.slice('/v1/jobs/'.length), status: 'succeeded', outputs: [picture] }),
  );
  const limits = { perSecond: 10, burst: 2 };
  await gateway.start(vendor.url, { limits }, { at: async (line) => (line === 2 ? pause(600) : undefined) });
  const all = await Promise.all([1, 2, 3].map(async () => gateway.request('standard')));
  for (const generation of all) {
    const { attempts } = await gateway.when('produced', generation, isProduced);
    expect(attempts).toHaveLength(1);
  }
  expect(vendor.submits).toHaveLength(3);
});

describe('an account that the vendor refuses', () => {
  it.each([401, 403, 402])(
    '%i: work is kept, one submit probes it, and all goes on when it is over',
    async (status) => {
      let isRefused = true;
      vendor.says(({ method, path }) => {
        if (method !== 'POST') return json(200, { id: path.slice('/v1/jobs/'.length), status: 'running' });
        return isRefused
          ? refusal(status, 'no')
          : json(201, { id: `job_${Math.random()}`, status: 'queued' });
      });
      await gateway.start(vendor.url, { retry: { probeSeconds: 1 } });
      const first = await gateway.request('standard');
      await gateway.when('refused', first, ({ phase }) => phase === 'waiting');
      const more = await Promise.all(Array.from({ length: 10 }, async () => gateway.request('standard')));
      const before = vendor.submits.length;
      await until(10, async () => (vendor.submits.length >= before + 2 ? {} : 'two probes'));
      const [a, b] = vendor.submits.slice(-2);
      expect((b?.at ?? 0) - (a?.at ?? 0)).toBeGreaterThanOrEqual(900);
      isRefused = false;
      for (const generation of [first, ...more]) {
        const { attempts } = await gateway.when(
          'accepted',
          generation,
          ({ phase }) => phase === 'processing',
        );
        expect(attempts.filter(({ status: end }) => end !== 'refused')).toHaveLength(1);
      }
      const states = await Promise.all(
        more.map(async (generation) => (await gateway.load(generation)).state),
      );
      // Not thousands of failures: each waited behind the probe.
      expect(states.filter(({ attempts }) => attempts.length > 1).length).toBeLessThanOrEqual(3);
      expect(states.every(({ spent }) => spent === 0)).toBe(true);
    },
  );
});

it('what waits for the budget of tries opens no connection to a vendor that fails', async () => {
  vendor.says(() => refusal(503, 'overloaded'));
  await gateway.start(vendor.url, { retry: { baseSeconds: 0.05 } });
  await gateway.database.sql`
    insert into gateway.account_gates (account, tries) values ('sim', -100)
    on conflict (account) do update set tries = -100, tries_at = clock_timestamp()`;
  // Gateways look at it once a second.
  await pause(2_000);
  const generation = await gateway.request('standard');
  await gateway.when('refused', generation, ({ attempts }) => attempts.length === 1);
  await until(20, async () => {
    const [row] = await gateway.database.sql`
      select from gateway.jobs where holder is null and ready_since is null and due_at > clock_timestamp() + interval '60 seconds'`;
    return row ?? 'it does not wait for the budget yet';
  });
  expect(vendor.submits).toHaveLength(1);
  expect(vendor.connections).toBe(1);
});

it('a vendor without room: one Retry-After holds back all work of the account', async () => {
  vendor.says(() => refusal(429, 'full', { 'retry-after': '2' }));
  await gateway.start(vendor.url);
  const first = await gateway.request('standard');
  await gateway.when('refused', first, ({ phase }) => phase === 'waiting');
  const refusedAt = vendor.submits[0]?.at ?? 0;
  const more = await Promise.all(Array.from({ length: 5 }, async () => gateway.request('standard')));
  for (const generation of more) await gateway.whenRow('waits', generation, ({ ready }) => ready);
  expect(vendor.submits).toHaveLength(1);
  vendor.says(() => json(201, { id: `job_${Math.random()}`, status: 'queued' }));
  for (const generation of more)
    await gateway.when('accepted', generation, ({ phase }) => phase === 'processing');
  expect(vendor.submits[0]?.at).toBeGreaterThanOrEqual(refusedAt + 1_900);
});

describe('a gateway that stops', () => {
  it('waits for a submit whose answer takes its time: no unknown', async () => {
    vendor.says(() => ({
      ...json(200, { id: 'job_1', status: 'succeeded', outputs: [{ b64 }] }),
      afterMs: 1_500,
    }));
    const service = await gateway.start(vendor.url);
    const generation = await gateway.request('inline');
    await until(10, async () => (vendor.submits.length > 0 ? {} : 'sent'));
    await service.stop();
    const { state } = await gateway.load(generation);
    expect(state.phase).toBe('storing');
    expect(state.outputs).toMatchObject([{ source: 'staged' }]);
  });

  it('hands back what it holds: the next one need not wait for leases to end', async () => {
    const jobs = jobsOf(1_000);
    const service = await gateway.start(vendor.url, { leaseSeconds: 600 });
    const all = await Promise.all(Array.from({ length: 8 }, async () => gateway.request('standard')));
    for (const generation of all)
      await gateway.when('running', generation, ({ phase }) => phase === 'processing');
    await service.stop();
    for (const generation of all)
      await gateway.whenRow('free', generation, ({ holder }) => holder === null, 5);
    await gateway.start(vendor.url);
    for (const generation of all) await gateway.when('produced', generation, isProduced);
    expect(jobs.most()).toBe(8);
    expect(vendor.submits).toHaveLength(8);
  });
});

describe('a database that goes away', () => {
  /** Lets no service in, and ends the connections that it has. */
  const away = async (isAway: boolean): Promise<void> => {
    const admin = openDatabase(gateway.database.superuserUrl, { max: 1 });
    const role = new URL(gateway.database.url).username;
    await admin.unsafe(`ALTER ROLE ${role} ${isAway ? 'NOLOGIN' : 'LOGIN'}`);
    if (isAway) await admin`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${role}`;
    await admin.end({ timeout: 5 });
  };

  it('while an answer is on its way: it is written down when the database is back', async () => {
    vendor.says(() => ({
      ...json(200, { id: 'job_1', status: 'succeeded', outputs: [{ b64 }] }),
      afterMs: 700,
    }));
    let said = '';
    const destination = { write: (text: string) => void (said += text) };
    const logger = createLogger({ service: 'test', level: 'warn', destination });
    await gateway.start(vendor.url, { leaseSeconds: 30 }, { logger });
    const generation = await gateway.request('inline');
    await until(10, async () => (vendor.submits.length > 0 ? {} : 'sent'));
    await away(true);
    await until(20, async () => (said.includes('an answer waits for a store') ? {} : 'tried in vain'));
    await away(false);
    const state = await gateway.when('produced', generation, isProduced, 30);
    expect(currentAttempt(state)).toMatchObject({ status: 'produced', number: 1 });
    expect(await gateway.types(generation)).not.toContain('SubmissionOutcomeUnknown');
    expect(vendor.submits).toHaveLength(1);
  });
});
