import { randomUUID } from 'node:crypto';
import { toPublicId } from '@darkroom/platform';
import { projectDetail } from '@darkroom/read-models';
import { sampleEvent } from '@darkroom/read-models/testing';
import { ControlPlaneUnderTest, envelope, problemOf } from './testing/control-plane-under-test.js';

let ops: ControlPlaneUnderTest;
beforeAll(async () => {
  ops = await ControlPlaneUnderTest.create();
});
afterAll(async () => {
  await ops.drop();
});

describe('intervenes:', () => {
  it('cancel', async () => {
    const { id, stream } = await ops.running();
    const response = await ops.post(id, 'cancel', { reason: 'customer called', expected_version: 3 });
    expect(response.status).toBe(202);
    const { data } = envelope.parse(await response.json());
    expect(data).toMatchObject({ decision_version: 4, cancel_asked: { by: 'operator' } });
    const last = (await ops.store.readStream(stream)).at(-1);
    expect(last).toMatchObject({
      type: 'CancellationRequested',
      data: { requestedBy: 'REQUESTER_OPERATOR', reason: 'customer called' },
      metadata: { tenant: 'acme', actor: expect.stringMatching(/^operator:[0-9a-f-]{36}$/) },
    });
  });

  it('fail', async () => {
    const { id, stream } = await ops.running();
    expect((await ops.post(id, 'fail', { reason: 'vendor is broken', expected_version: 3 })).status).toBe(
      202,
    );
    expect((await ops.typesOf(stream)).at(-1)).toBe('FailureOrdered');
  });

  it('retry of a failed one, which starts a new run', async () => {
    const { id, stream } = await ops.generation(
      sampleEvent('SubmissionStarted'),
      sampleEvent('AttemptFailed', { end: 'ATTEMPT_END_REFUSED', charge: 'CHARGE_NONE' }),
      sampleEvent('GenerationFailed', { charge: 'CHARGE_NONE' }),
    );
    const response = await ops.post(id, 'retry', { reason: 'vendor recovered', expected_version: 4 });
    expect(response.status).toBe(202);
    expect(await ops.look(id)).toMatchObject({ run: 2, state: 'requested' });
    expect((await ops.typesOf(stream)).at(-1)).toBe('RetryOrdered');
  });

  it('resolve: found', async () => {
    const { id } = await ops.unknown();
    const body = { reason: 'saw it in their console', expected_version: 3, attempt: 1, outcome: 'found' };
    const without = await ops.post(id, 'resolve', body);
    expect([without.status, (await problemOf(without)).errors[0]?.pointer]).toEqual([422, '/job_id']);
    expect((await ops.post(id, 'resolve', { ...body, job_id: 'job-77' })).status).toBe(202);
    expect(await ops.look(id)).toMatchObject({
      state: 'processing',
      attempts: [{ status: 'accepted', vendor_job_id: 'job-77' }],
    });
  });

  it('resolve: found, but not with the job of another generation', async () => {
    const owner = randomUUID();
    const accepted = sampleEvent('SubmissionAccepted', { vendorJobId: 'job-owned' });
    const history = [sampleEvent('GenerationRequested'), sampleEvent('SubmissionStarted'), accepted];
    await ops.append(owner, 0, history, 'elsewhere');
    await projectDetail({ sql: ops.database.sql, store: ops.store }, [owner]);
    const { id, stream } = await ops.unknown();
    const body = {
      reason: 'a slip',
      expected_version: 3,
      attempt: 1,
      outcome: 'found',
      job_id: 'job-owned',
    };
    const refused = await ops.post(id, 'resolve', body);
    expect([refused.status, (await problemOf(refused)).errors[0]?.code]).toEqual([409, 'job_id_taken']);
    expect((await ops.typesOf(stream)).at(-1)).toBe('SubmissionOutcomeUnknown');
  });

  it('resolve: not there', async () => {
    const { id } = await ops.unknown();
    const body = { reason: 'their support says no', expected_version: 3, attempt: 1, outcome: 'not_there' };
    expect((await ops.post(id, 'resolve', body)).status).toBe(202);
    expect(await ops.look(id)).toMatchObject({ state: 'waiting', attempts: [{ status: 'not_there' }] });
  });

  it('resolve: given up, with the double charge accepted', async () => {
    const { id, stream } = await ops.unknown();
    const body = {
      reason: 'customer waits',
      expected_version: 3,
      attempt: 1,
      outcome: 'given_up',
      accept_double_charge: true,
    };
    expect((await ops.post(id, 'resolve', body)).status).toBe(202);
    expect((await ops.store.readStream(stream)).at(-1)?.data).toMatchObject({ acceptDoubleCharge: true });
    expect(await ops.look(id)).toMatchObject({ state: 'waiting', attempts: [{ status: 'given_up' }] });
  });

  it('what risks a double charge only where that was accepted', async () => {
    const charged = await ops.post((await ops.failed()).id, 'retry', {
      reason: 'again',
      expected_version: 5,
    });
    expect([charged.status, (await problemOf(charged)).code]).toEqual([409, 'double_charge_not_accepted']);
    const { id, stream } = await ops.generation(
      sampleEvent('SubmissionStarted'),
      sampleEvent('SubmissionOutcomeUnknown'),
      sampleEvent('GenerationFailed', { code: 'ERROR_CODE_OUTCOME_UNKNOWN', charge: 'CHARGE_POSSIBLE' }),
    );
    const retry = { reason: 'customer waits', expected_version: 4 };
    const refused = await ops.post(id, 'retry', retry);
    expect([refused.status, (await problemOf(refused)).code]).toEqual([409, 'double_charge_not_accepted']);
    expect(await ops.typesOf(stream)).toHaveLength(4);
    expect((await ops.look(id)).can.find((one) => one.action === 'retry')).toMatchObject({
      allowed: true,
      needs_accept_double_charge: true,
      may_cost: { micros: '40000' },
    });
    expect((await ops.post(id, 'retry', { ...retry, accept_double_charge: true })).status).toBe(202);
    expect((await ops.store.readStream(stream)).at(-1)?.data).toMatchObject({ acceptDoubleCharge: true });
  });

  it('retry elsewhere: leaves the running attempt, its charge accepted', async () => {
    const { id, stream } = await ops.running();
    const retry = { reason: 'hangs', expected_version: 3 };
    const still = await ops.post(id, 'retry', retry);
    expect([still.status, (await problemOf(still)).code]).toEqual([409, 'not_possible_now']);
    const charged = await ops.post(id, 'retry', { ...retry, abandon: true });
    expect((await problemOf(charged)).code).toBe('double_charge_not_accepted');
    const foreign = await ops.post(id, 'retry', { ...retry, abandon: true, model: 'other/model' });
    expect((await problemOf(foreign)).errors[0]?.code).toBe('unknown_model');
    const accepted = { ...retry, abandon: true, accept_double_charge: true };
    expect((await ops.post(id, 'retry', accepted)).status).toBe(202);
    expect((await ops.store.readStream(stream)).at(-1)?.data).toMatchObject({ abandon: true, model: '' });
  });

  it('adopt a paid orphan', async () => {
    const { id } = await ops.generation(
      sampleEvent('SubmissionStarted'),
      sampleEvent('SubmissionOutcomeUnknown'),
      sampleEvent('GenerationFailed', { code: 'ERROR_CODE_OUTCOME_UNKNOWN', charge: 'CHARGE_POSSIBLE' }),
      sampleEvent('SubmissionResolved', { vendorJobId: 'job-orphan' }),
      sampleEvent('PaidOrphanRecorded', { vendorJobId: 'job-orphan' }),
    );
    const { decision_version: expected_version, can } = await ops.look(id);
    expect(can.find((one) => one.action === 'adopt')).toMatchObject({ allowed: true, may_cost: null });
    const response = await ops.post(id, 'adopt', { reason: 'it is paid for', expected_version, attempt: 1 });
    expect(response.status).toBe(202);
    expect(await ops.look(id)).toMatchObject({
      run: 2,
      state: 'processing',
      attempts: [{ status: 'accepted', vendor_job_id: 'job-orphan' }],
      orphans: [{ adopted: true }],
    });
  });

  it('extend, forward only', async () => {
    const { id } = await ops.running();
    const soon = new Date(Date.now() + 60_000).toISOString();
    const back = await ops.post(id, 'extend', { reason: 'slow vendor', expected_version: 3, deadline: soon });
    expect([back.status, (await problemOf(back)).errors[0]?.code]).toEqual([409, 'not_forward']);
    const later = new Date(Date.now() + 7_200_000).toISOString();
    expect(
      (await ops.post(id, 'extend', { reason: 'slow vendor', expected_version: 3, deadline: later })).status,
    ).toBe(202);
    expect(await ops.look(id)).toMatchObject({ deadline: later });
  });

  it('never twice with one look', async () => {
    const { id, stream } = await ops.running();
    const order = (reason: string) => ops.post(id, 'fail', { reason, expected_version: 3 });
    const answers = await Promise.all(['first', 'second', 'third', 'fourth'].map(order));
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([202, 409, 409, 409]);
    const lost = answers.find((answer) => answer.status === 409);
    expect(lost && (await problemOf(lost))).toMatchObject({
      code: 'stale_decision',
      errors: [{ pointer: '/expected_version' }],
    });
    expect((await ops.typesOf(stream)).filter((type) => type === 'FailureOrdered')).toHaveLength(1);
    expect(await ops.auditOf(id)).toHaveLength(1);
  });

  it('all the same when only noise came since the look', async () => {
    const { id, stream } = await ops.running();
    await ops.append(stream, 3, [sampleEvent('ProgressReported')]);
    expect((await ops.post(id, 'cancel', { reason: 'late', expected_version: 3 })).status).toBe(202);
  });

  it('not where the state does not allow it', async () => {
    const { id, stream } = await ops.failed();
    for (const [action, more, code] of [
      ['cancel', {}, 'already_final'],
      ['fail', {}, 'already_final'],
      ['extend', { deadline: '2030-01-01T00:00:00Z' }, 'already_final'],
      ['resolve', { attempt: 9, outcome: 'given_up' }, 'not_possible_now'],
      ['adopt', { attempt: 9 }, 'not_possible_now'],
    ] as const) {
      const response = await ops.post(id, action, { reason: 'try', expected_version: 5, ...more });
      expect([action, response.status, (await problemOf(response)).code]).toEqual([action, 409, code]);
    }
    expect(await ops.typesOf(stream)).toHaveLength(5);
    expect(await ops.auditOf(id)).toEqual([]);
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
    const { id, stream } = await ops.running();
    const response = await ops.post(id, action, body);
    const { code, errors } = await problemOf(response);
    expect([response.status, code, errors.map((error) => error.pointer)]).toEqual([
      422,
      'invalid_fields',
      [pointer],
    ]);
    expect(await ops.typesOf(stream)).toHaveLength(3);
  });

  it('in nothing that is not there, nor by an action that is none', async () => {
    const body = { reason: 'x', expected_version: 3 };
    for (const id of [toPublicId('gen', randomUUID()), 'nonsense'])
      expect((await ops.post(id, 'cancel', body)).status).toBe(404);
    expect((await ops.post((await ops.running()).id, 'explode', body)).status).toBe(404);
  });

  it('and keeps who, when, why, before and after', async () => {
    const { id, stream } = await ops.running();
    const before = Date.now() - 1;
    await ops.post(id, 'cancel', { reason: 'customer called', expected_version: 3 });
    const [entry, ...others] = await ops.auditOf(id);
    expect(others).toEqual([]);
    const [cancellation] = (await ops.store.readStream(stream)).slice(-1);
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
  const { id } = await ops.running();
  await ops.post(id, 'cancel', { reason: 'first', expected_version: 3 });
  await ops.post(id, 'fail', { reason: 'second', expected_version: 4 });
  const newest = await ops.found(`audit?generation=${id}&limit=1`);
  const older = await ops.found(`audit?generation=${id}&limit=1&after=${newest.next}`);
  expect([newest, older].map(({ data }) => data.map((entry) => entry['reason']))).toEqual([
    ['second'],
    ['first'],
  ]);
  expect(older.next).toBeNull();
  expect((await ops.found('audit?limit=1')).data).toEqual(newest.data);
  expect((await ops.found('audit?generation=gen_1')).data).toEqual([]);
});
