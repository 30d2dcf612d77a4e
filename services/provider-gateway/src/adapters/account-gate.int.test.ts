import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { AccountLimits } from '@darkroom/domain';
import { busMigrations } from '@darkroom/event-bus';
import { type Database, openDatabase } from '@darkroom/event-store';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import { providerGatewayMigrations } from '../migrations.js';
import {
  type AccountGate,
  accountGate,
  type Admission,
  type AskedAdmission,
  defaultProbePace,
  rateOf,
} from './account-gate.js';

const noLimits: AccountLimits = { concurrent: 50, perSecond: null, burst: 1, spendPerDayMicros: null };
const pace = { ...defaultProbePace, probeSeconds: 60 };
const how = { wasProbe: false, slots: 16 };

let database: TestDatabase;
/** Of three processes. */
let connections: Database[];
let gates: AccountGate[];
let gate: AccountGate;
let account = '';

beforeAll(async () => {
  database = await createTestDatabase({ migrations: [busMigrations, ...providerGatewayMigrations] });
  connections = [1, 2, 3].map(() => openDatabase(database.url));
  gates = connections.map((sql) => accountGate(sql, pace));
  gate = accountGate(database.sql, pace);
});
afterAll(async () => {
  await Promise.all(connections.map((sql) => sql.end()));
  await database.drop();
});
beforeEach(() => {
  account = randomUUID();
});

const ask = (
  limits: Partial<AccountLimits> = {},
  asked: Partial<AskedAdmission> = {},
  by = gate,
): Promise<Admission> =>
  by.admit({
    account,
    limits: { ...noLimits, ...limits },
    generation: randomUUID(),
    attempt: 1,
    micros: 40_000n,
    answerSeconds: 10,
    isRetry: false,
    ...asked,
  });
const verdicts = async (many: Promise<Admission>[]): Promise<string[]> =>
  (await Promise.all(many)).map(({ verdict }) => verdict);
/** So many fail; now and then one is answered, so that they are not one after the other. */
const fail = async (times: number): Promise<void> => {
  for (let nth = 0; nth < times; nth += 1) {
    if (nth % 4 === 3) await gate.hear(account, 'answered', how);
    await gate.hear(account, 'failed', how);
  }
};
const standing = async () => (await gate.standing()).find((one) => one.account === account);
/** Nothing holds it back for the moment. */
const later = async (): Promise<void> => {
  await database.sql`update gateway.account_gates set not_before = '-infinity' where account = ${account}`;
};

describe('submits a second', () => {
  it.each([
    [20, 4],
    [50, 10],
    [5, 1],
  ])(
    '%i with a burst of %i: no window of what three processes are let through holds more',
    async (perSecond, burst) => {
      const turns: number[] = [];
      // A turn is known as exactly as its answer took.
      let toleranceMs = 1;
      const until = performance.now() + 2_000;
      const ask1 = async (by: AccountGate): Promise<void> => {
        while (performance.now() < until) {
          const asked = performance.now();
          const { verdict, waitMs } = await ask({ perSecond, burst }, {}, by);
          toleranceMs = Math.max(toleranceMs, performance.now() - asked);
          if (verdict === 'open') turns.push(asked + waitMs);
          await pause(verdict === 'open' ? 1 : 20);
        }
      };
      await Promise.all(gates.flatMap((by) => [ask1(by), ask1(by)]));
      turns.sort((a, b) => a - b);
      // A bucket that fills up at `perSecond`, as large as the burst but for what is kept back for the way to the vendor.
      const { slackMs } = rateOf({ ...noLimits, perSecond, burst });
      const size = 1 + (slackMs / 1000) * perSecond;
      let [level, last] = [size, turns[0] ?? 0];
      for (const turn of turns) {
        level = Math.min(size, level + ((turn - last) / 1000) * perSecond) - 1;
        expect(level).toBeGreaterThan(-0.01 - (toleranceMs / 1000) * perSecond);
        last = turn;
      }
      // It is used, too: within a fifth of what there is.
      expect(turns.length).toBeGreaterThan(0.8 * 2 * perSecond);
    },
  );
});

describe('what is spent a day', () => {
  it('never comes over its limit, however many ask at once', async () => {
    const limit = { spendPerDayMicros: 10n * 40_000n };
    const got = await verdicts(Array.from({ length: 30 }, (_, nth) => ask(limit, {}, gates[nth % 3])));
    expect(got.filter((verdict) => verdict === 'open')).toHaveLength(10);
    expect(new Set(got.filter((verdict) => verdict !== 'open'))).toEqual(new Set(['spend', 'closed']));
  });

  it('counts what is known to have cost nothing as nothing, and the same attempt once', async () => {
    const limit = { spendPerDayMicros: 2n * 40_000n };
    const generation = randomUUID();
    expect(await ask(limit, { generation })).toMatchObject({ verdict: 'open' });
    expect(await ask(limit, { generation })).toMatchObject({ verdict: 'open' });
    expect(await ask(limit)).toMatchObject({ verdict: 'open' });
    expect(await ask(limit)).toMatchObject({ verdict: 'spend' });
    await later();
    await gate.settle(generation, 1, 0n);
    expect(await ask(limit)).toMatchObject({ verdict: 'open' });
  });

  it('counts what cost more than was thought', async () => {
    const generation = randomUUID();
    await ask({}, { generation });
    await gate.settle(generation, 1, 900_000n);
    expect(await ask({ spendPerDayMicros: 930_000n })).toMatchObject({ verdict: 'spend' });
    await later();
    expect(await ask({ spendPerDayMicros: 940_000n })).toMatchObject({ verdict: 'open' });
  });

  it('begins anew every day, and old days are forgotten', async () => {
    const limit = { spendPerDayMicros: 40_000n };
    await ask(limit);
    await database.sql`update gateway.spend set day = day - 2 where account = ${account}`;
    await database.sql`update gateway.account_gates set spend_day = spend_day - 2 where account = ${account}`;
    expect(await ask(limit)).toMatchObject({ verdict: 'open' });
    await gate.forget();
    const left = await database.sql`select from gateway.spend where account = ${account}`;
    expect(left).toHaveLength(1);
  });
});

describe('the breaker', () => {
  it('stays closed while more than half succeeds, or few were tried', async () => {
    await fail(14);
    expect(await standing()).toMatchObject({ pausedBy: null });
    account = randomUUID();
    for (let nth = 0; nth < 60; nth += 1) await gate.hear(account, nth % 5 < 2 ? 'failed' : 'accepted', how);
    expect(await standing()).toMatchObject({ pausedBy: null });
  });

  it.each(['failed', 'unknown', 'overloaded'] as const)('opens by %s', async (outcome) => {
    const changes: (string | null)[] = [];
    for (let nth = 0; nth < 9; nth += 1) changes.push(await gate.hear(account, outcome, how));
    // Five one after the other.
    expect(changes.filter((change) => change !== null)).toEqual(['opened']);
    expect(changes.indexOf('opened')).toBe(4);
    expect(await ask()).toMatchObject({ verdict: 'closed' });
  });

  it('opens where half of twenty failed, though never five one after the other', async () => {
    const changes: (string | null)[] = [];
    for (let nth = 0; nth < 20; nth += 1)
      changes.push(await gate.hear(account, nth % 2 === 0 ? 'accepted' : 'failed', how));
    expect(changes.indexOf('opened')).toBe(19);
  });

  it.each(['answered', 'full'] as const)('does not open by %s', async (outcome) => {
    for (let nth = 0; nth < 40; nth += 1) await gate.hear(account, outcome, how);
    expect(await standing()).toMatchObject({ pausedBy: null });
  });

  it('lets one at a time through, the more seldom the longer, until one is taken', async () => {
    await fail(20);
    const waits: number[] = [];
    for (let nth = 0; nth < 6; nth += 1) {
      await later();
      const got = await verdicts(gates.flatMap((by) => [ask({}, {}, by), ask({}, {}, by)]));
      expect(got.toSorted()).toEqual(['closed', 'closed', 'closed', 'closed', 'closed', 'probe']);
      await gate.hear(account, 'failed', { ...how, wasProbe: true });
      waits.push((await ask()).waitMs);
    }
    expect(waits[0]).toBeGreaterThan(1_500);
    expect(waits[0]).toBeLessThan(2_500);
    expect(Math.max(...waits)).toBeLessThanOrEqual(18_000);
    expect(waits[5]).toBeGreaterThan(10_000);
    await later();
    await ask();
    expect(await gate.hear(account, 'accepted', { ...how, wasProbe: true })).toBe('closed');
    // It begins with a few.
    expect(await standing()).toMatchObject({ pausedBy: null, isClosed: false, bears: 2 });
  });

  it('is not closed by what was on its way when it opened', async () => {
    await fail(20);
    expect(await gate.hear(account, 'accepted', how)).toBeNull();
    expect(await standing()).toMatchObject({ pausedBy: 'BREAKER' });
  });

  it('forgets what is older than a minute', async () => {
    await fail(15);
    await database.sql`
      update gateway.account_gates set half_minute = half_minute - 2 where account = ${account}`;
    await gate.hear(account, 'answered', how);
    await fail(14);
    expect(await standing()).toMatchObject({ pausedBy: null });
    await fail(4);
    expect(await standing()).toMatchObject({ pausedBy: 'BREAKER' });
  });
});

it('says of a pause whether it is new, also where it lasts longer now', async () => {
  expect(await gate.pause(account, 'FAILURE_CLASS_INSUFFICIENT_CREDIT')).toBe(true);
  await pause(5);
  expect(await gate.pause(account, 'FAILURE_CLASS_INSUFFICIENT_CREDIT')).toBe(false);
  expect(await gate.pause(account, 'FAILURE_CLASS_UNAUTHORIZED')).toBe(true);
  await gate.resume(account);
  expect(await gate.pause(account, 'FAILURE_CLASS_UNAUTHORIZED')).toBe(true);
});

describe('a probe that was not sent', () => {
  it('lets another go soon', async () => {
    await gate.pause(account, 'FAILURE_CLASS_INSUFFICIENT_CREDIT');
    await later();
    expect(await ask()).toMatchObject({ verdict: 'probe' });
    expect((await ask()).waitMs).toBeGreaterThan(1_500);
    await gate.returnProbe(account);
    const next = await ask();
    expect(next).toMatchObject({ verdict: 'closed' });
    expect(next.waitMs).toBeLessThanOrEqual(1_000);
  });

  it('changes nothing for an account that submits as usual', async () => {
    await gate.hear(account, 'full', { ...how, holdSeconds: 30 });
    await gate.returnProbe(account);
    expect((await ask()).waitMs).toBeGreaterThan(20_000);
  });
});

describe('what is tried again', () => {
  it('is bounded while nothing succeeds, and never starves', async () => {
    const got = await verdicts(Array.from({ length: 40 }, () => ask({}, { isRetry: true })));
    expect(got.filter((verdict) => verdict === 'open').length).toBeGreaterThanOrEqual(20);
    expect(got.filter((verdict) => verdict === 'open').length).toBeLessThan(30);
    expect(await ask()).toMatchObject({ verdict: 'open' });
    const next = await ask({}, { isRetry: true });
    expect(next).toMatchObject({ verdict: 'budget' });
    expect(next.waitMs).toBeLessThanOrEqual(2_000);
    const { retryMs = 0 } = (await standing()) ?? {};
    expect(retryMs).toBeGreaterThan(0);
    expect(retryMs).toBeLessThanOrEqual(next.waitMs);
  });

  it('is earned by what is taken', async () => {
    await Promise.all(Array.from({ length: 40 }, () => ask({}, { isRetry: true })));
    for (let nth = 0; nth < 10; nth += 1) await gate.hear(account, 'accepted', how);
    expect(await standing()).toMatchObject({ retryMs: 0 });
    const got = await verdicts(Array.from({ length: 20 }, () => ask({}, { isRetry: true })));
    expect(got.filter((verdict) => verdict === 'open').length).toBeGreaterThanOrEqual(5);
  });
});

describe('how many jobs at once a vendor bears', () => {
  it('is halved where it has no room, once for those that were on their way together, and creeps back', async () => {
    for (let nth = 0; nth < 5; nth += 1) await gate.hear(account, 'full', how);
    expect(await standing()).toMatchObject({ bears: 8 });
    await gate.hear(account, 'accepted', how);
    expect((await standing())?.bears).toBeCloseTo(8 + 1 / 8);
    await database.sql`
      update gateway.account_gates set cut_at = cut_at - interval '2 seconds' where account = ${account}`;
    await gate.hear(account, 'full', how);
    expect((await standing())?.bears).toBeCloseTo(4 + 1 / 16);
    for (let nth = 0; nth < 200; nth += 1) await gate.hear(account, 'accepted', how);
    expect(await standing()).toMatchObject({ bears: null });
  });

  it('leaves room beside the open questions, which hold their slots for a while', async () => {
    await gate.hear(account, 'full', how);
    await database.sql`
      insert into gateway.jobs (generation, tenant, phase, account, holds_slot, slot)
      select gen_random_uuid(), 'acme', phase, ${account}, true, nextval('gateway.slots')
      from unnest('{unresolved,unresolved,processing}'::text[]) as phase`;
    expect(await standing()).toMatchObject({ bears: 10 });
  });

  it('and leaves it alone for as long as it asks', async () => {
    await gate.hear(account, 'full', { ...how, holdSeconds: 20 });
    await gate.hear(account, 'full', { ...how, holdSeconds: 1 });
    const { verdict, waitMs } = await ask();
    expect(verdict).toBe('closed');
    expect(waitMs).toBeGreaterThan(18_000);
  });
});
