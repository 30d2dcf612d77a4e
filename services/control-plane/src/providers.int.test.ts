import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { decideAccount, mayAppend } from '@darkroom/domain';
import { busMigrations } from '@darkroom/event-bus';
import { createPostgresEventStore, type EventStore, type NewEvent } from '@darkroom/event-store';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import { generateApiKey } from '@darkroom/platform';
import {
  allAccounts,
  loadProviderAccount,
  providerAccountStream,
  tenantOfAccounts,
} from '@darkroom/provider-accounts';
import { readModelMigrations } from '@darkroom/read-models';
import { z } from 'zod';
import { controlPlaneMigrations, type RunningControlPlane, startControlPlane } from './index.js';

const operatorKey = generateApiKey('dk_ops');
const account = z.looseObject({
  id: z.string(),
  decision_version: z.number(),
  submits: z.string(),
  pauses: z.array(z.looseObject({ by: z.string(), reason: z.string() })),
  limits: z.record(z.string(), z.unknown()).nullable(),
});
const problem = z.looseObject({
  code: z.string(),
  errors: z.array(z.looseObject({ code: z.string() })).optional(),
});

let database: TestDatabase;
let store: EventStore;
let service: RunningControlPlane;

beforeAll(async () => {
  database = await createTestDatabase({
    migrations: [busMigrations, readModelMigrations, controlPlaneMigrations],
  });
  store = createPostgresEventStore(database.sql, { mayAppend });
  service = await startControlPlane({
    databaseUrl: database.url,
    host: '127.0.0.1',
    port: 0,
    operatorKey,
    accounts: ['one', 'two', 'nobody started'],
    logLevel: 'silent',
  });
  for (const id of ['one', 'two', allAccounts])
    await ofGateway(id, {
      type: 'register',
      account: id,
      vendor: 'sim',
      limits: { concurrent: 4, perSecond: 2, burst: 3, spendPerDayMicros: null },
    });
});
afterAll(async () => {
  await service.stop();
  await store.stop();
  await database.drop();
});

/** What a gateway brings to an account's stream. */
async function ofGateway(id: string, command: Parameters<typeof decideAccount>[0]): Promise<void> {
  const loaded = await loadProviderAccount(store, id);
  const decision = decideAccount(command, loaded?.state);
  if (decision.kind === 'refused') throw new Error(decision.reason);
  await store.append({
    stream: providerAccountStream(id),
    expected: loaded?.state.version ?? 'none',
    events: decision.events.map((event): NewEvent => ({ id: randomUUID(), ...event })),
    metadata: { tenant: tenantOfAccounts, actor: 'service:provider-gateway' },
    by: 'provider-gateway',
  });
}

const call = (path: string, body?: object, key = operatorKey): Promise<Response> =>
  fetch(`${service.url}/ops/v1/${path}`, {
    ...(body === undefined ? {} : { method: 'PATCH', body: JSON.stringify(body) }),
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
  });
const look = async (id: string) =>
  z.object({ data: account }).parse(await (await call(`providers/${id}`)).json()).data;
const change = async (id: string, body: object): Promise<Response> =>
  call(`providers/${id}`, {
    reason: 'the vendor asked us to',
    expected_version: (await look(id)).decision_version,
    ...body,
  });

it('shows every account that a gateway serves, and all of them together', async () => {
  const { data } = z.object({ data: z.array(account) }).parse(await (await call('providers')).json());
  expect(data.map(({ id }) => id)).toEqual(['*', 'one', 'two']);
  expect(data[0]).toMatchObject({ limits: null, configured: null, policy: null });
  expect(data[1]).toMatchObject({
    vendor: 'sim',
    decision_version: 1,
    submits: 'running',
    pauses: [],
    overridden: false,
    policy: { resubmit_unknown: false },
    limits: { concurrent: 4, submits_per_second: 2, burst: 3, spend_per_day_micros: null },
  });
});

it('changes limits, tells who did it and why, and goes back to what is configured', async () => {
  const changed = await change('one', {
    limits: { submits_per_second: null, spend_per_day_micros: 5_000_000 },
  });
  expect(changed.status).toBe(200);
  expect(await look('one')).toMatchObject({
    decision_version: 2,
    overridden: true,
    limits: { concurrent: 4, submits_per_second: null, burst: null, spend_per_day_micros: '5000000' },
    configured: { submits_per_second: 2 },
  });
  const audit: unknown = await (await call('audit')).json();
  expect(audit).toMatchObject({
    data: [
      {
        action: 'change-provider-account',
        generation: null,
        reason: 'the vendor asked us to',
        request: { account: 'one', limits: { spend_per_day_micros: 5_000_000 } },
        before: { decision_version: 1 },
        after: { version: 2, events: [{ type: 'ProviderAccountLimitsChanged' }] },
      },
    ],
  });
  await change('one', { limits: 'as_configured' });
  expect(await look('one')).toMatchObject({ overridden: false, limits: { submits_per_second: 2 } });
});

it('writes down that what nobody could settle is submitted anew, and takes it back', async () => {
  const decided = (resubmit_unknown: boolean) => change('two', { policy: { resubmit_unknown } });
  expect((await decided(false)).status).toBe(409);
  expect((await decided(true)).status).toBe(200);
  expect(await look('two')).toMatchObject({ decision_version: 2, policy: { resubmit_unknown: true } });
  expect(await (await call('audit')).json()).toMatchObject({
    data: [
      {
        reason: 'the vendor asked us to',
        request: { account: 'two', policy: { resubmit_unknown: true } },
        after: { events: [{ type: 'ProviderAccountPolicyChanged' }] },
      },
      {},
      {},
    ],
  });
  expect((await decided(false)).status).toBe(200);
  expect(await look('two')).toMatchObject({ policy: { resubmit_unknown: false } });
});

it('stops all submits, and lets them go on', async () => {
  expect((await change('*', { submits: 'pause' })).status).toBe(200);
  expect(await look('*')).toMatchObject({ submits: 'paused', pauses: [{ by: 'operator' }] });
  expect((await change('*', { submits: 'resume' })).status).toBe(200);
  expect(await look('*')).toMatchObject({ submits: 'running', pauses: [] });
});

it('shows what the vendor and the breaker do, and is not in the way of an operator because of it', async () => {
  const { decision_version } = await look('two');
  const reason = 'half of its submits failed';
  await ofGateway('two', { type: 'pause', cause: 'PAUSE_CAUSE_BREAKER', reason });
  await ofGateway('two', { type: 'pause', cause: 'PAUSE_CAUSE_VENDOR', reason: 'it said 401' });
  expect(await look('two')).toMatchObject({
    decision_version,
    submits: 'probing',
    pauses: [
      { by: 'vendor', reason: 'it said 401' },
      { by: 'breaker', reason },
    ],
  });
  await change('two', { submits: 'pause' });
  expect(await look('two')).toMatchObject({ submits: 'paused' });
  await change('two', { submits: 'resume' });
  expect(await look('two')).toMatchObject({ submits: 'running', pauses: [] });
});

it.each([
  ['an account that there is not', 'none', { submits: 'pause', expected_version: 1 }, 404, 'not_found'],
  ['somebody who did not look', 'one', { submits: 'pause', expected_version: 99 }, 409, 'stale_decision'],
  ['what is so already', 'one', { submits: 'resume' }, 409, 'not_possible_now'],
  ['limits of all together', '*', { limits: { concurrent: 1 } }, 409, 'not_possible_now'],
  [
    'a burst without a rate',
    'one',
    { limits: { submits_per_second: null, burst: 2 } },
    409,
    'not_possible_now',
  ],
  ['a policy of all together', '*', { policy: { resubmit_unknown: true } }, 409, 'not_possible_now'],
  ['a policy that there is not', 'one', { policy: { resubmit: true } }, 422, 'invalid_fields'],
  ['no reason', 'one', { submits: 'pause', reason: ' ' }, 422, 'invalid_fields'],
  ['nothing to change', 'one', {}, 422, 'invalid_fields'],
  ['less than nothing', 'one', { limits: { concurrent: -1 } }, 422, 'invalid_fields'],
  ['far too much', 'one', { limits: { concurrent: 1e9 } }, 422, 'invalid_fields'],
  ['what is no number', 'one', { limits: { submits_per_second: 'many' } }, 422, 'invalid_fields'],
  ['what it does not know', 'one', { limits: { tenants: 3 } }, 422, 'invalid_fields'],
])('refuses %s', async (_, id, body, status, code) => {
  const version = 'expected_version' in body ? {} : { expected_version: (await look(id)).decision_version };
  const response = await call(`providers/${id}`, { reason: 'because', ...version, ...body });
  expect([response.status, problem.parse(await response.json()).code]).toEqual([status, code]);
});

it('lets nobody in without an operator’s key', async () => {
  expect((await call('providers', undefined, generateApiKey('dk_test'))).status).toBe(401);
  expect((await call('providers/one', { submits: 'pause' }, generateApiKey('dk_ops'))).status).toBe(401);
});
