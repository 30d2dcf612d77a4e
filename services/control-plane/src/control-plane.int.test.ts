import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { mayAppend } from '@darkroom/domain';
import { busMigrations } from '@darkroom/event-bus';
import { createPostgresEventStore, type EventStore, type NewEvent } from '@darkroom/event-store';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import { generateApiKey, toPublicId } from '@darkroom/platform';
import { projectDetail, readModelMigrations } from '@darkroom/read-models';
import { sampleEvent } from '@darkroom/read-models/testing';
import { z } from 'zod';
import { controlPlaneMigrations, type RunningControlPlane, startControlPlane } from './index.js';

const operatorKey = generateApiKey('dk_ops');
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const problem = z.object({
  status: z.number(),
  code: z.string(),
  detail: z.string(),
  trace_id: z.string(),
  errors: z.array(z.object({ pointer: z.string(), code: z.string() })),
});
const view = z.looseObject({
  id: z.string(),
  state: z.string(),
  run: z.number(),
  decision_version: z.number(),
  attempts: z.array(
    z.looseObject({ number: z.number(), status: z.string(), evidence: z.array(z.unknown()) }),
  ),
  can: z.array(
    z.looseObject({
      action: z.string(),
      with: z.record(z.string(), z.unknown()),
      allowed: z.boolean(),
      refusal: z.string().nullable(),
      refusal_message: z.string().nullable(),
      needs_accept_double_charge: z.boolean(),
      may_cost: z.unknown(),
    }),
  ),
  events: z.array(z.looseObject({ type: z.string(), actor: z.string(), data: z.looseObject({}) })),
});
const envelope = z.object({ data: view });
const page = z.object({ data: z.array(z.looseObject({})), next: z.string().nullable() });

describe('the operators’ API', () => {
  let database: TestDatabase;
  let store: EventStore;
  let service: RunningControlPlane;

  beforeAll(async () => {
    database = await createTestDatabase({
      migrations: [busMigrations, readModelMigrations, controlPlaneMigrations],
    });
    store = createPostgresEventStore(database.sql, { mayAppend });
    service = await start();
  });
  afterAll(async () => {
    await service.stop();
    await store.stop();
    await database.drop();
  });

  const start = (): Promise<RunningControlPlane> =>
    startControlPlane({
      databaseUrl: database.url,
      host: '127.0.0.1',
      port: 0,
      operatorKey,
      accounts: [],
      logLevel: 'silent',
    });
  const call = (path: string, init: RequestInit = {}, key: string | null = operatorKey): Promise<Response> =>
    fetch(`${service.url}${path}`, {
      ...init,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
    });
  const post = (id: string, action: string, body: object): Promise<Response> =>
    call(`/ops/v1/generations/${id}/${action}`, { method: 'POST', body: JSON.stringify(body) });
  const look = async (id: string) =>
    envelope.parse(await (await call(`/ops/v1/generations/${id}`)).json()).data;
  const problemOf = async (response: Response) => {
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    return problem.parse(await response.json());
  };

  const append = async (
    stream: string,
    after: number,
    events: NewEvent[],
    tenant = 'acme',
  ): Promise<void> => {
    let version = after;
    for (const event of events) {
      const outcome = await store.append({
        stream,
        expected: version,
        events: [event],
        metadata: { tenant, actor: 'service:test', traceparent },
        by: mayAppend[event.type][0],
      });
      expect(outcome.outcome).toBe('appended');
      version += 1;
    }
  };
  /** A generation with this history; its id as operators write it. */
  const generation = async (...events: NewEvent[]): Promise<{ stream: string; id: string }> => {
    const stream = randomUUID();
    await append(stream, 0, [sampleEvent('GenerationRequested'), ...events]);
    return { stream, id: toPublicId('gen', stream) };
  };
  const unknown = () =>
    generation(
      sampleEvent('SubmissionStarted'),
      sampleEvent('SubmissionOutcomeUnknown', { settleUntil: '2026-01-01T00:00:00Z' }),
    );
  const running = (jobId = 'job-1') =>
    generation(sampleEvent('SubmissionStarted'), sampleEvent('SubmissionAccepted', { vendorJobId: jobId }));
  const failed = () =>
    generation(
      sampleEvent('SubmissionStarted'),
      sampleEvent('SubmissionAccepted'),
      sampleEvent('AttemptFailed'),
      sampleEvent('GenerationFailed'),
    );
  const typesOf = async (stream: string): Promise<string[]> =>
    (await store.readStream(stream)).map((event) => event.type);
  const auditOf = async (id: string) =>
    page.parse(await (await call(`/ops/v1/audit?generation=${id}`)).json()).data;

  describe('lets in', () => {
    it.each([
      ['nobody without a key', null],
      ['no tenant', generateApiKey('dk_test')],
      ['no operator it does not know', generateApiKey('dk_ops')],
      ['no nonsense', 'x'],
    ])('%s', async (_who, key) => {
      for (const path of ['generations', 'generations/gen_x', 'unresolved', 'orphans', 'parked', 'audit']) {
        const response = await call(`/ops/v1/${path}`, {}, key);
        expect(response.status).toBe(401);
        expect((await problemOf(response)).code).toBe('unauthenticated');
      }
    });

    it('anybody to the page that a problem names', async () => {
      const { type } = z
        .object({ type: z.string() })
        .parse(await (await call('/ops/v1/audit', {}, null)).json());
      for (const path of [type, '/docs/errors']) {
        const answer = await call(path, {}, null);
        expect([answer.status, answer.headers.get('content-type')]).toEqual([
          200,
          'text/html; charset=utf-8',
        ]);
        expect(await answer.text()).toContain('unauthenticated');
      }
      expect((await call('/docs/errors/none', {}, null)).status).toBe(404);
    });

    it('no key that was revoked', async () => {
      const key = generateApiKey('dk_ops');
      const again = await startControlPlane({
        databaseUrl: database.url,
        host: '127.0.0.1',
        port: 0,
        operatorKey: key,
        accounts: [],
        logLevel: 'silent',
      });
      await again.stop();
      expect((await call('/ops/v1/audit', {}, key)).status).toBe(200);
      await database.sql`
        update control_plane.operator_keys set revoked_at = now()
        where id = (select id from control_plane.operator_keys order by created_at desc limit 1)`;
      expect((await call('/ops/v1/audit', {}, key)).status).toBe(401);
    });

    it('a key of which it stores only a hash', async () => {
      const rows = await database.sql`select * from control_plane.operator_keys`;
      expect(JSON.stringify(rows)).not.toContain(operatorKey.slice('dk_ops_'.length));
    });
  });

  it('is alive, and ready until it leaves', async () => {
    const leaving = await start();
    const asked = (path: string) => fetch(`${leaving.url}/health/${path}`);
    expect([(await asked('live')).status, (await asked('ready')).status]).toEqual([200, 200]);
    leaving.leave();
    expect([(await asked('live')).status, (await asked('ready')).status]).toEqual([200, 503]);
    await leaving.stop();
  });

  describe('shows one generation', () => {
    it('with its evidence cut, its secrets gone, and why it waits', async () => {
      const { id } = await unknown();
      const response = await call(`/ops/v1/generations/${id}`);
      const text = await response.text();
      expect(text).not.toMatch(/hush|staging\/|promptSalt/);
      const { data } = envelope.parse(JSON.parse(text));
      expect(data).toMatchObject({
        state: 'unresolved',
        status: 'processing',
        status_reason: { code: 'needs_attention' },
        decision_version: 3,
        tenant: 'acme',
        needs_person: true,
        prompt: 'a red bicycle in the rain',
        trace_id: '0af7651916cd43dd8448eb211c80319c',
        attempts: [{ vendor_request_ids: ['req-of-the-vendor'] }],
      });
      expect(data.attempts[0]).toMatchObject({
        status: 'unknown',
        needs_person: true,
        unknown_cause: 'reply_lost',
        charge: 'possible',
        evidence: [{ response_status: 504, response_body: '{"detail":"see https://vendor.example/jobs?…"}' }],
      });
      expect(data.events.map((event) => event.type)).toEqual([
        'GenerationRequested',
        'SubmissionStarted',
        'SubmissionOutcomeUnknown',
      ]);
      expect(data.events[0]?.data).not.toHaveProperty('prompt');
    });

    it('with what the same bytes sent again were answered with', async () => {
      const { id } = await generation(
        sampleEvent('SubmissionStarted'),
        sampleEvent('SubmissionOutcomeUnknown', { settleUntil: '2026-01-01T00:00:00Z' }),
        sampleEvent('SubmissionRepeated'),
        sampleEvent('SubmissionOutcomeUnknown', {
          cause: 'UNKNOWN_CAUSE_KEY_USED',
          settleUntil: '2026-01-01T00:00:00Z',
          evidence: {
            request: 'POST https://vendor.example/jobs',
            error: '',
            stagingKey: '',
            observedAt: '2026-01-01T00:00:00Z',
            requestId: 'req-of-the-repeat',
            responseStatus: 422,
            responseBody: '{"error":{"code":"idempotency_key_reuse","token":"hush"}}',
          },
        }),
      );
      const { attempts } = await look(id);
      expect(attempts[0]).toMatchObject({
        needs_person: true,
        unknown_cause: 'key_used',
        vendor_request_ids: ['req-of-the-vendor', 'req-of-the-repeat'],
        evidence: [
          { response_status: 504 },
          {
            response_status: 422,
            response_body: '{"error":{"code":"idempotency_key_reuse","token":"…"}}',
          },
        ],
      });
    });

    it('and nothing that an event does not say', async () => {
      const { id } = await generation(
        sampleEvent('SubmissionStarted'),
        sampleEvent('SubmissionAccepted'),
        sampleEvent('AttemptFailed', {
          vendorCode: '',
          vendorMessage: '',
          cost: { currency: '', micros: '0' },
        }),
      );
      const { data } = (await look(id)).events.at(-1) ?? { data: {} };
      expect(data).toMatchObject({ vendorCode: null, vendorMessage: null, cost: null });
      expect(JSON.stringify((await look(id)).events)).not.toMatch(/_UNSPECIFIED|:""/);
    });

    it('and what can be done now, at which price', async () => {
      const { can } = await look((await unknown()).id);
      const of = (action: string, details: object) =>
        can.find((one) => one.action === action && JSON.stringify(one.with) === JSON.stringify(details));
      expect(of('cancel', {})).toMatchObject({ allowed: true, may_cost: null });
      expect(of('retry', {})).toMatchObject({
        allowed: false,
        refusal: 'resolve_first',
        refusal_message: 'The outcome of an attempt is unknown: resolve it first.',
      });
      expect(can.every((one) => one.allowed === (one.refusal_message === null))).toBe(true);
      expect(of('resolve', { attempt: 1, outcome: 'found' })).toMatchObject({
        allowed: true,
        may_cost: null,
      });
      expect(of('resolve', { attempt: 1, outcome: 'not_there' })).toMatchObject({
        allowed: true,
        may_cost: { currency: 'USD', micros: '40000' },
      });
      expect(of('resolve', { attempt: 1, outcome: 'given_up', accept_double_charge: true })).toMatchObject({
        allowed: true,
        may_cost: { currency: 'USD', micros: '40000' },
      });
      const charged = await look((await failed()).id);
      expect(charged.can.find((one) => one.action === 'retry')).toMatchObject({ allowed: true });
      expect(charged.can.find((one) => one.action === 'extend')).toMatchObject({
        allowed: false,
        refusal: 'already_final',
      });
    });

    it('the same way when it is missing, malformed or of another kind', async () => {
      for (const id of [
        toPublicId('gen', randomUUID()),
        'gen_1',
        toPublicId('art', randomUUID()),
        randomUUID(),
      ]) {
        const response = await call(`/ops/v1/generations/${id}`);
        expect([response.status, (await problemOf(response)).code]).toEqual([404, 'not_found']);
      }
    });
  });

  describe('intervenes:', () => {
    it('cancel', async () => {
      const { id, stream } = await running();
      const response = await post(id, 'cancel', { reason: 'customer called', expected_version: 3 });
      expect(response.status).toBe(202);
      const { data } = envelope.parse(await response.json());
      expect(data).toMatchObject({ decision_version: 4, cancel_asked: { by: 'operator' } });
      const last = (await store.readStream(stream)).at(-1);
      expect(last).toMatchObject({
        type: 'CancellationRequested',
        data: { requestedBy: 'REQUESTER_OPERATOR', reason: 'customer called' },
        metadata: { tenant: 'acme', actor: expect.stringMatching(/^operator:[0-9a-f-]{36}$/) },
      });
    });

    it('fail', async () => {
      const { id, stream } = await running();
      expect((await post(id, 'fail', { reason: 'vendor is broken', expected_version: 3 })).status).toBe(202);
      expect((await typesOf(stream)).at(-1)).toBe('FailureOrdered');
    });

    it('retry of a failed one, which starts a new run', async () => {
      const { id, stream } = await generation(
        sampleEvent('SubmissionStarted'),
        sampleEvent('AttemptFailed', { end: 'ATTEMPT_END_REFUSED', charge: 'CHARGE_NONE' }),
        sampleEvent('GenerationFailed', { charge: 'CHARGE_NONE' }),
      );
      const response = await post(id, 'retry', { reason: 'vendor recovered', expected_version: 4 });
      expect(response.status).toBe(202);
      expect(await look(id)).toMatchObject({ run: 2, state: 'requested' });
      expect((await typesOf(stream)).at(-1)).toBe('RetryOrdered');
    });

    it('resolve: found', async () => {
      const { id } = await unknown();
      const body = { reason: 'saw it in their console', expected_version: 3, attempt: 1, outcome: 'found' };
      const without = await post(id, 'resolve', body);
      expect([without.status, (await problemOf(without)).errors[0]?.pointer]).toEqual([422, '/job_id']);
      expect((await post(id, 'resolve', { ...body, job_id: 'job-77' })).status).toBe(202);
      expect(await look(id)).toMatchObject({
        state: 'processing',
        attempts: [{ status: 'accepted', vendor_job_id: 'job-77' }],
      });
    });

    it('resolve: found, but not with the job of another generation', async () => {
      const owner = randomUUID();
      const accepted = sampleEvent('SubmissionAccepted', { vendorJobId: 'job-owned' });
      const history = [sampleEvent('GenerationRequested'), sampleEvent('SubmissionStarted'), accepted];
      await append(owner, 0, history, 'elsewhere');
      await projectDetail({ sql: database.sql, store }, [owner]);
      const { id, stream } = await unknown();
      const body = {
        reason: 'a slip',
        expected_version: 3,
        attempt: 1,
        outcome: 'found',
        job_id: 'job-owned',
      };
      const refused = await post(id, 'resolve', body);
      expect([refused.status, (await problemOf(refused)).errors[0]?.code]).toEqual([409, 'job_id_taken']);
      expect((await typesOf(stream)).at(-1)).toBe('SubmissionOutcomeUnknown');
    });

    it('resolve: not there', async () => {
      const { id } = await unknown();
      const body = { reason: 'their support says no', expected_version: 3, attempt: 1, outcome: 'not_there' };
      expect((await post(id, 'resolve', body)).status).toBe(202);
      expect(await look(id)).toMatchObject({ state: 'waiting', attempts: [{ status: 'not_there' }] });
    });

    it('resolve: given up, with the double charge accepted', async () => {
      const { id, stream } = await unknown();
      const body = {
        reason: 'customer waits',
        expected_version: 3,
        attempt: 1,
        outcome: 'given_up',
        accept_double_charge: true,
      };
      expect((await post(id, 'resolve', body)).status).toBe(202);
      expect((await store.readStream(stream)).at(-1)?.data).toMatchObject({ acceptDoubleCharge: true });
      expect(await look(id)).toMatchObject({ state: 'waiting', attempts: [{ status: 'given_up' }] });
    });

    it('what risks a double charge only where that was accepted', async () => {
      const charged = await post((await failed()).id, 'retry', { reason: 'again', expected_version: 5 });
      expect([charged.status, (await problemOf(charged)).code]).toEqual([409, 'double_charge_not_accepted']);
      const { id, stream } = await generation(
        sampleEvent('SubmissionStarted'),
        sampleEvent('SubmissionOutcomeUnknown'),
        sampleEvent('GenerationFailed', { code: 'ERROR_CODE_OUTCOME_UNKNOWN', charge: 'CHARGE_POSSIBLE' }),
      );
      const retry = { reason: 'customer waits', expected_version: 4 };
      const refused = await post(id, 'retry', retry);
      expect([refused.status, (await problemOf(refused)).code]).toEqual([409, 'double_charge_not_accepted']);
      expect(await typesOf(stream)).toHaveLength(4);
      expect((await look(id)).can.find((one) => one.action === 'retry')).toMatchObject({
        allowed: true,
        needs_accept_double_charge: true,
        may_cost: { micros: '40000' },
      });
      expect((await post(id, 'retry', { ...retry, accept_double_charge: true })).status).toBe(202);
      expect((await store.readStream(stream)).at(-1)?.data).toMatchObject({ acceptDoubleCharge: true });
    });

    it('retry elsewhere: leaves the running attempt, its charge accepted', async () => {
      const { id, stream } = await running();
      const retry = { reason: 'hangs', expected_version: 3 };
      const still = await post(id, 'retry', retry);
      expect([still.status, (await problemOf(still)).code]).toEqual([409, 'not_possible_now']);
      const charged = await post(id, 'retry', { ...retry, abandon: true });
      expect((await problemOf(charged)).code).toBe('double_charge_not_accepted');
      const foreign = await post(id, 'retry', { ...retry, abandon: true, model: 'other/model' });
      expect((await problemOf(foreign)).errors[0]?.code).toBe('unknown_model');
      const accepted = { ...retry, abandon: true, accept_double_charge: true };
      expect((await post(id, 'retry', accepted)).status).toBe(202);
      expect((await store.readStream(stream)).at(-1)?.data).toMatchObject({ abandon: true, model: '' });
    });

    it('adopt a paid orphan', async () => {
      const { id } = await generation(
        sampleEvent('SubmissionStarted'),
        sampleEvent('SubmissionOutcomeUnknown'),
        sampleEvent('GenerationFailed', { code: 'ERROR_CODE_OUTCOME_UNKNOWN', charge: 'CHARGE_POSSIBLE' }),
        sampleEvent('SubmissionResolved', { vendorJobId: 'job-orphan' }),
        sampleEvent('PaidOrphanRecorded', { vendorJobId: 'job-orphan' }),
      );
      const { decision_version: expected_version, can } = await look(id);
      expect(can.find((one) => one.action === 'adopt')).toMatchObject({ allowed: true, may_cost: null });
      const response = await post(id, 'adopt', { reason: 'it is paid for', expected_version, attempt: 1 });
      expect(response.status).toBe(202);
      expect(await look(id)).toMatchObject({
        run: 2,
        state: 'processing',
        attempts: [{ status: 'accepted', vendor_job_id: 'job-orphan' }],
        orphans: [{ adopted: true }],
      });
    });

    it('extend, forward only', async () => {
      const { id } = await running();
      const soon = new Date(Date.now() + 60_000).toISOString();
      const back = await post(id, 'extend', { reason: 'slow vendor', expected_version: 3, deadline: soon });
      expect([back.status, (await problemOf(back)).errors[0]?.code]).toEqual([409, 'not_forward']);
      const later = new Date(Date.now() + 7_200_000).toISOString();
      expect(
        (await post(id, 'extend', { reason: 'slow vendor', expected_version: 3, deadline: later })).status,
      ).toBe(202);
      expect(await look(id)).toMatchObject({ deadline: later });
    });

    it('never twice with one look', async () => {
      const { id, stream } = await running();
      const order = (reason: string) => post(id, 'fail', { reason, expected_version: 3 });
      const answers = await Promise.all(['first', 'second', 'third', 'fourth'].map(order));
      expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([202, 409, 409, 409]);
      const lost = answers.find((answer) => answer.status === 409);
      expect(lost && (await problemOf(lost))).toMatchObject({
        code: 'stale_decision',
        errors: [{ pointer: '/expected_version' }],
      });
      expect((await typesOf(stream)).filter((type) => type === 'FailureOrdered')).toHaveLength(1);
      expect(await auditOf(id)).toHaveLength(1);
    });

    it('all the same when only noise came since the look', async () => {
      const { id, stream } = await running();
      await append(stream, 3, [sampleEvent('ProgressReported')]);
      expect((await post(id, 'cancel', { reason: 'late', expected_version: 3 })).status).toBe(202);
    });

    it('not where the state does not allow it', async () => {
      const { id, stream } = await failed();
      for (const [action, more, code] of [
        ['cancel', {}, 'already_final'],
        ['fail', {}, 'already_final'],
        ['extend', { deadline: '2030-01-01T00:00:00Z' }, 'already_final'],
        ['resolve', { attempt: 9, outcome: 'given_up' }, 'not_possible_now'],
        ['adopt', { attempt: 9 }, 'not_possible_now'],
      ] as const) {
        const response = await post(id, action, { reason: 'try', expected_version: 5, ...more });
        expect([action, response.status, (await problemOf(response)).code]).toEqual([action, 409, code]);
      }
      expect(await typesOf(stream)).toHaveLength(5);
      expect(await auditOf(id)).toEqual([]);
    });

    it.each([
      ['no reason', 'cancel', { expected_version: 3 }, '/reason'],
      ['a blank reason', 'cancel', { reason: '  ', expected_version: 3 }, '/reason'],
      ['no version', 'fail', { reason: 'x' }, '/expected_version'],
      ['a version that is none', 'fail', { reason: 'x', expected_version: '3' }, '/expected_version'],
      ['an unknown field', 'fail', { reason: 'x', expected_version: 3, tenant: 'me' }, '/tenant'],
      [
        'a double charge that is no yes',
        'retry',
        { reason: 'x', expected_version: 3, accept_double_charge: 'yes' },
        '/accept_double_charge',
      ],
      ['no attempt', 'adopt', { reason: 'x', expected_version: 3 }, '/attempt'],
      [
        'no such outcome',
        'resolve',
        { reason: 'x', expected_version: 3, attempt: 1, outcome: 'fine' },
        '/outcome',
      ],
      ['no date', 'extend', { reason: 'x', expected_version: 3, deadline: 'tomorrow' }, '/deadline'],
    ])('not with %s', async (_what, action, body, pointer) => {
      const { id, stream } = await running();
      const response = await post(id, action, body);
      const { code, errors } = await problemOf(response);
      expect([response.status, code, errors.map((error) => error.pointer)]).toEqual([
        422,
        'invalid_fields',
        [pointer],
      ]);
      expect(await typesOf(stream)).toHaveLength(3);
    });

    it('in nothing that is not there, nor by an action that is none', async () => {
      const body = { reason: 'x', expected_version: 3 };
      for (const id of [toPublicId('gen', randomUUID()), 'nonsense'])
        expect((await post(id, 'cancel', body)).status).toBe(404);
      expect((await post((await running()).id, 'explode', body)).status).toBe(404);
    });

    it('and keeps who, when, why, before and after', async () => {
      const { id, stream } = await running();
      const before = Date.now() - 1;
      await post(id, 'cancel', { reason: 'customer called', expected_version: 3 });
      const [entry, ...others] = await auditOf(id);
      expect(others).toEqual([]);
      const [cancellation] = (await store.readStream(stream)).slice(-1);
      expect(entry).toMatchObject({
        action: 'cancel',
        reason: 'customer called',
        generation: id,
        operator: expect.stringMatching(/^key_/),
        before: { version: 3, decision_version: 3, state: 'processing' },
        after: { version: 4, events: [{ id: cancellation?.id, type: 'CancellationRequested' }] },
      });
      expect(Date.parse(String(entry?.['at']))).toBeGreaterThanOrEqual(before - 1_000);
    });
  });

  it('tells what was done page by page, the newest first', async () => {
    const { id } = await running();
    await post(id, 'cancel', { reason: 'first', expected_version: 3 });
    await post(id, 'fail', { reason: 'second', expected_version: 4 });
    const read = async (query: string) => page.parse(await (await call(`/ops/v1/audit?${query}`)).json());
    const newest = await read(`generation=${id}&limit=1`);
    const older = await read(`generation=${id}&limit=1&after=${newest.next}`);
    expect([newest, older].map(({ data }) => data.map((entry) => entry['reason']))).toEqual([
      ['second'],
      ['first'],
    ]);
    expect(older.next).toBeNull();
    expect((await read('limit=1')).data).toEqual(newest.data);
    expect((await read('generation=gen_1')).data).toEqual([]);
  });

  describe('finds', () => {
    let question: { stream: string; id: string };
    let orphan: { stream: string; id: string };
    beforeAll(async () => {
      question = await unknown();
      orphan = await generation(
        sampleEvent('SubmissionStarted'),
        sampleEvent('SubmissionAccepted', { vendorJobId: 'job-found' }),
        sampleEvent('PaidOrphanRecorded', { vendorJobId: 'job-twice' }),
      );
      await projectDetail({ sql: database.sql, store }, [question.stream, orphan.stream]);
    });
    const found = async (path: string) => page.parse(await (await call(`/ops/v1/${path}`)).json());

    it.each([
      ['by id', () => `id=${question.id}`, () => [question.id]],
      ['by state', () => 'state=unresolved', () => [question.id]],
      ['by job id', () => 'vendor_job_id=job-twice', () => [orphan.id]],
      ['by tenant and status', () => 'tenant=acme&status=processing', () => [question.id, orphan.id]],
      ['nothing of another tenant', () => 'tenant=other', () => []],
      ['nothing by an id that is none', () => 'id=gen_1', () => []],
    ])('%s', async (_what, query, ids) => {
      const { data, next } = await found(`generations?${query()}`);
      expect(new Set(data.map((one) => one['id']))).toEqual(new Set(ids()));
      expect(next).toBeNull();
    });

    it('page by page', async () => {
      const first = await found('generations?tenant=acme&limit=1');
      const second = await found(`generations?tenant=acme&limit=1&after=${first.next}`);
      expect(new Set([...first.data, ...second.data].map((one) => one['id']))).toEqual(
        new Set([question.id, orphan.id]),
      );
      expect(second.next).toBeNull();
    });

    it('what was erased as erased: no prompt, no raw reply, no link of a vendor', async () => {
      const { stream, id } = await generation(
        sampleEvent('SubmissionStarted'),
        sampleEvent('SubmissionOutcomeUnknown'),
        sampleEvent('GenerationFailed'),
      );
      const secrets = /red bicycle in the rain|hush|vendor\.example/;
      const asText = async (): Promise<string> => (await call(`/ops/v1/generations/${id}`)).text();
      expect(await asText()).toMatch(secrets);
      await append(stream, 4, [sampleEvent('PersonalDataErased')]);
      await store.erasePersonal(stream, 'acme');
      expect(await asText()).not.toMatch(secrets);
      expect(await look(id)).toMatchObject({ erased: true, prompt: null });
      // Whatever is asked of it now is refused by name: nothing could be sent again.
      const { decision_version: version } = await look(id);
      const retry = await post(id, 'retry', {
        reason: 'x',
        expected_version: version,
        accept_double_charge: true,
      });
      expect([retry.status, (await problemOf(retry)).errors?.[0]?.code]).toEqual([409, 'already_erased']);
    });

    it('attempts that are open questions', async () => {
      const { data } = await found('unresolved');
      expect(data).toMatchObject([
        { generation: question.id, tenant: 'acme', decision_version: 3, number: 1, needs_person: true },
      ]);
    });

    it('streams that a consumer could not get past', async () => {
      await database.sql`
        insert into bus.parked (consumer, stream, version, event_id, event_type, last_version, error, attempts, next_try_at)
        values ('artifact', ${orphan.stream}, 3, ${randomUUID()}, 'SubmissionAccepted', 4,
                ${database.sql.json({ name: 'IllegalTransition', code: null, message: 'no' })}, 3, now())`;
      const parked = async (query: string) =>
        z.object({ data: z.array(z.unknown()) }).parse(await (await call(`/ops/v1/parked${query}`)).json())
          .data;
      expect(await parked('')).toMatchObject([
        { consumer: 'artifact', generation: orphan.id, version: 3, last_version: 4, attempts: 3 },
      ]);
      expect(await parked('?consumer=other')).toEqual([]);
    });

    it('streams to be tried again, as a preview first, then for once and with an audit entry', async () => {
      const parkedStreams = Array.from({ length: 5 }, () => randomUUID());
      for (const [n, stream] of parkedStreams.entries())
        await database.sql`
          insert into bus.parked (consumer, stream, version, event_id, event_type, last_version, error, attempts, next_try_at, parked_at)
          values (${n === 4 ? 'gateway' : 'replays'}, ${stream}, 1, ${randomUUID()}, 'GenerationRequested', 1,
                  ${database.sql.json({ name: n === 3 ? 'RangeError' : 'TypeError', code: null, message: 'no' })}, 3,
                  now() + interval '1 hour', now() - ${5 - n} * interval '1 minute')`;
      const replayed = z.object({
        data: z.object({
          waiting: z.int(),
          preview: z.boolean(),
          streams: z.array(z.looseObject({ generation: z.string() })),
        }),
      });
      const ask = async (body: object) => {
        const asked = { reason: 'the decoder is mended', consumer: 'replays', error: 'TypeError', ...body };
        const response = await call('/ops/v1/parked/replay', { method: 'POST', body: JSON.stringify(asked) });
        expect(response.status).toBe(200);
        return replayed.parse(await response.json()).data;
      };
      const due = async (): Promise<string[]> =>
        (
          await database.sql<{ stream: string }[]>`
            select stream from bus.parked where consumer in ('replays', 'gateway') and next_try_at <= now() order by parked_at`
        ).map(({ stream }) => stream);
      const publicIds = parkedStreams.map((stream) => toPublicId('gen', stream));

      const preview = await ask({ cap: 2, preview: true });
      expect(preview).toMatchObject({ waiting: 3, preview: true });
      expect(preview.streams.map((one) => one.generation)).toEqual(publicIds.slice(0, 2));
      expect(await due()).toEqual([]);

      expect(await ask({ cap: 2 })).toMatchObject({
        waiting: 3,
        streams: preview.streams.map(({ generation: g }) => ({ generation: g })),
      });
      expect(await due()).toEqual(parkedStreams.slice(0, 2));
      expect((await ask({ cap: 2 })).streams.map((one) => one.generation)).toEqual([publicIds[2]]);
      expect((await ask({ cap: 2 })).streams).toEqual([]);
      expect(await due()).toEqual(parkedStreams.slice(0, 3));

      const { data } = await found('audit?limit=3');
      expect(data.map((entry) => [entry['action'], entry['reason'], entry['generation']])).toEqual(
        Array.from({ length: 3 }, () => ['replay', 'the decoder is mended', null]),
      );
      expect(data[2]).toMatchObject({
        request: { consumer: 'replays', error: 'TypeError', cap: 2 },
        after: { tried: parkedStreams.slice(0, 2).map((stream) => ({ generation: stream })) },
      });
    });

    it.each([
      ['no reason', { cap: 1 }],
      ['no cap', { reason: 'x' }],
      ['a cap of nothing', { reason: 'x', cap: 0 }],
      ['a cap of everything', { reason: 'x', cap: 1_000_000_000 }],
      ['a filter that is none', { reason: 'x', cap: 1, colour: 'red' }],
    ])('no replay with %s', async (_what, body) => {
      const response = await call('/ops/v1/parked/replay', { method: 'POST', body: JSON.stringify(body) });
      expect(response.status).toBe(422);
    });

    it('rebuilds of the read models: one at a time, with an audit entry', async () => {
      const ask = (body: object) =>
        call('/ops/v1/read-models/rebuilds', { method: 'POST', body: JSON.stringify(body) });
      expect((await ask({})).status).toBe(422);
      const first = await ask({ reason: 'a model was changed' });
      expect(first.status).toBe(202);
      const { data: asked } = z
        .object({ data: z.looseObject({ id: z.string(), state: z.string() }) })
        .parse(await first.json());
      expect(asked).toMatchObject({ state: 'asked', events: 0, finished_at: null, error: null });
      const second = await ask({ reason: 'once more' });
      expect([second.status, (await problemOf(second)).code]).toEqual([409, 'not_possible_now']);
      const { data } = z
        .object({ data: z.array(z.looseObject({})) })
        .parse(await (await call('/ops/v1/read-models/rebuilds')).json());
      expect(data).toEqual([asked]);
      const audit = await found('audit?limit=1');
      expect(audit.data).toMatchObject([
        { action: 'rebuild', reason: 'a model was changed', after: { rebuild: asked.id } },
      ]);
    });

    it('paid orphans', async () => {
      const { data } = await found('orphans');
      expect(data).toMatchObject([
        { generation: orphan.id, attempt: 1, vendor_job_id: 'job-twice', charge: 'certain' },
      ]);
    });

    it.each([
      'generations?limit=0',
      'generations?limit=1000',
      'generations?state=odd',
      'generations?color=red',
      'generations?after=x',
      'unresolved?after=x',
      'audit?limit=-1',
      'audit?after=x',
    ])('fault with %s', async (path) => {
      const response = await call(`/ops/v1/${path}`);
      expect(response.status).toBe(400);
      expect((await problemOf(response)).code).toMatch(/^invalid_(query|cursor)$/);
    });
  });
});
