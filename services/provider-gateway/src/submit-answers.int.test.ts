import { currentAttempt, type GenerationEvent } from '@darkroom/domain';
import { GatewayUnderTest } from './testing/gateway-under-test.js';
import { json, refusal, VendorDouble, type VendorReply } from './testing/vendor-double.js';

let gateway: GatewayUnderTest;
let vendor: VendorDouble;

beforeAll(async () => {
  gateway = await GatewayUnderTest.create();
  vendor = await VendorDouble.start();
  // One vendor that does everything wrong, one after the other: an account of its own would be held back by its breaker.
  const breaker = { breakerFewest: 100_000, breakerInARow: 100_000 };
  await gateway.start(vendor.url, { retry: { baseSeconds: 0.05 }, breaker });
});
afterAll(async () => {
  await gateway.drop();
  await vendor.stop();
});

/**
 * Answers submits like this, one after another and the last one for ever; knows of no job, and confirms every cancel: what it left
 * open would keep its slot.
 */
const toSubmits = (...replies: readonly [VendorReply, ...VendorReply[]]): void => {
  let nth = 0;
  vendor.says(({ method, path }) => {
    if (path.endsWith('/cancel')) return json(200, { id: path.split('/')[3], status: 'canceled' });
    if (method !== 'POST' || path !== '/v1/jobs') return json(200, { data: [] });
    const reply = replies[Math.min(nth, replies.length - 1)];
    nth += 1;
    return reply ?? json(500, {});
  });
};
const accepted = (id = `job_${Math.random()}`): VendorReply =>
  json(201, { id, status: 'queued', queue_position: 3 });

describe('an answer that says nothing', () => {
  const job = JSON.stringify({ id: 'job_1', status: 'queued' });
  const cases: readonly [string, VendorReply][] = [
    ['no answer at all', { status: 201, cut: 'before' }],
    ['reset in mid-body', { status: 201, body: job, cut: 'within' }],
    ['half a JSON', { status: 201, body: job.slice(0, 10) }],
    ['an empty body', { status: 201 }],
    ['200 with an error in it', json(200, { error: { code: 'oops', message: 'no' } })],
    ['no id', json(201, { status: 'queued' })],
    ['id null', json(201, { id: null, status: 'queued' })],
    ['an id of a megabyte', json(201, { id: 'j'.repeat(1_000_000), status: 'queued' })],
    ['an id with NUL', json(201, { id: 'job\0', status: 'queued' })],
    ['an HTML page', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Hello</html>' }],
    ['JSON of a depth of 100,000', { status: 201, body: '['.repeat(100_000) }],
    ['502', { status: 502, body: 'Bad Gateway' }],
    ['504', { status: 504, body: '' }],
    ['500 in its own words', refusal(500, 'internal_error')],
    ['503 in the words of something between', { status: 503, body: '<html>Service Unavailable</html>' }],
    ['429 in the words of something between', { status: 429, body: 'slow down' }],
  ];
  it.each(cases)('%s: unknown, with the evidence, and never sent again', async (_, reply) => {
    toSubmits(reply);
    const generation = await gateway.request('blind');
    const { attempts } = await gateway.when('unknown', generation, ({ phase }) => phase === 'unresolved');
    expect(attempts).toMatchObject([{ status: 'unknown', charge: 'CHARGE_POSSIBLE' }]);
    const { events } = await gateway.load(generation);
    const unknown = events.find(({ type }) => type === 'SubmissionOutcomeUnknown');
    const evidence = unknown?.type === 'SubmissionOutcomeUnknown' ? unknown.data.evidence : undefined;
    expect(evidence?.responseStatus).toBe(reply.cut === 'before' ? 0 : reply.status);
    expect(Buffer.byteLength(evidence?.responseBody ?? '')).toBeLessThanOrEqual(4_096);
    expect(evidence?.responseBody.slice(0, 5)).toBe(
      reply.cut === 'before' ? '' : (reply.body ?? '').slice(0, 5),
    );
    expect(evidence?.requestId).toBe('');
    expect(evidence?.request).toMatch(/^POST http:\/\/127\.0\.0\.1:\d+\/v1\/jobs$/);
    expect(vendor.submits).toHaveLength(1);
    await gateway.cancel(generation);
  });
});

const made = (more: object): VendorReply =>
  json(201, { ...more, status: 'succeeded', outputs: [{ b64: 'iVBORw0KGgo=' }] });

describe('what came back is kept, with the vendor’s name of the call', () => {
  it.each<readonly [string, string, VendorReply, GenerationEvent['type']]>([
    ['an acceptance', 'standard', accepted('job_kept'), 'SubmissionAccepted'],
    ['a refusal', 'standard', refusal(422, 'invalid_size'), 'AttemptFailed'],
    ['images in the answer itself', 'inline', made({ id: 'job_inline' }), 'SubmissionAccepted'],
    ['the same of a job without a name', 'inline', made({}), 'OutputsProduced'],
  ])('%s', async (_what, model, reply, type) => {
    toSubmits({ ...reply, headers: { ...reply.headers, 'x-request-id': 'req-\u00e9-1' } });
    const generation = await gateway.request(model);
    await gateway.when('told', generation, ({ attempts }) =>
      attempts.some(({ status }) => status !== 'started'),
    );
    const event = (await gateway.load(generation)).events.find((one) => one.type === type);
    const evidence = event !== undefined && 'evidence' in event.data ? event.data.evidence : undefined;
    expect(evidence).toMatchObject({
      requestId: 'req--1',
      responseStatus: reply.status,
      responseBody: reply.body,
    });
  });
});

describe('a definite refusal', () => {
  it.each([
    [400, 'bad_request', 'ERROR_CODE_INVALID_REQUEST'],
    [413, 'too_large', 'ERROR_CODE_INVALID_REQUEST'],
    [422, 'invalid_size', 'ERROR_CODE_INVALID_REQUEST'],
    [422, 'content_moderated', 'ERROR_CODE_CONTENT_REJECTED'],
  ])('%i %s: failed by name, free of charge, without a second try', async (status, code, error) => {
    toSubmits(refusal(status, code));
    const generation = await gateway.request('standard');
    const state = await gateway.when('failed', generation, ({ phase }) => phase === 'failed');
    expect(state).toMatchObject({ error: { code: error }, charge: 'CHARGE_NONE' });
    expect(vendor.submits).toHaveLength(1);
    // The end came in one append with the refusal: nobody saw `queued` in between.
    expect(await gateway.types(generation)).toEqual([
      'GenerationRequested',
      'SubmissionStarted',
      'AttemptFailed',
      'GenerationFailed',
    ]);
  });

  it.each([
    ['seconds', '1', 900],
    ['a date', () => new Date(Date.now() + 2_000).toUTCString(), 900],
    ['the past', 'Wed, 21 Oct 2015 07:28:00 GMT', 0],
    ['a word', 'soon', 0],
    ['less than nothing', '-7', 0],
  ])(
    '429 with Retry-After as %s: tried again, not before, and no attempt spent',
    async (_, value, leastMs) => {
      toSubmits(
        refusal(429, 'too_many_jobs', { 'retry-after': typeof value === 'function' ? value() : value }),
        accepted(),
      );
      const generation = await gateway.request('standard');
      const state = await gateway.when('accepted', generation, ({ phase }) => phase === 'processing');
      expect(state).toMatchObject({ spent: 0, deferrals: 1 });
      const [first, second] = vendor.submits;
      expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(leastMs);
      await gateway.cancel(generation);
    },
  );

  it('429 with Retry-After of a billion seconds: five minutes', async () => {
    toSubmits(refusal(429, 'too_many_jobs', { 'retry-after': '1000000000' }));
    const generation = await gateway.request('standard');
    const { retryAt } = await gateway.when('waiting', generation, ({ phase }) => phase === 'waiting');
    expect((retryAt ?? Infinity) - Date.now()).toBeLessThanOrEqual(301_000);
    await gateway.cancel(generation);
    await gateway.when('canceled', generation, ({ phase }) => phase === 'canceled');
    await gateway.database.sql`delete from gateway.account_gates`;
  });

  it('503 in its own words, again and again: no unknown, and picked up when it is over', async () => {
    const overloaded = refusal(503, 'overloaded');
    toSubmits(overloaded, overloaded, overloaded, accepted());
    const generation = await gateway.request('blind');
    const state = await gateway.when('accepted', generation, ({ phase }) => phase === 'processing');
    expect(state).toMatchObject({ spent: 0, deferrals: 3 });
    expect(await gateway.types(generation)).not.toContain('SubmissionOutcomeUnknown');
    await gateway.cancel(generation);
  });

  it('409 "duplicate" of a reference: proof that it was used; looked up, and its job found', async () => {
    let asked = 0;
    vendor.says(({ method, path, body }) => {
      if (method === 'POST' && path === '/v1/jobs') {
        reference = JSON.parse(body).reference;
        return refusal(409, 'duplicate_reference');
      }
      asked += 1;
      const one = { id: 'job_dup', status: 'running', reference };
      return json(200, path.includes('reference=') ? { data: asked > 1 ? [one] : [] } : one);
    });
    let reference = '';
    const generation = await gateway.request('reject');
    const state = await gateway.when('found', generation, ({ phase }) => phase === 'processing');
    expect(currentAttempt(state)).toMatchObject({
      vendorJobId: 'job_dup',
      unknownCause: 'UNKNOWN_CAUSE_KEY_USED',
    });
    expect(vendor.submits).toHaveLength(1);
    await gateway.cancel(generation);
  });
});

it('takes no job that another generation has: the question stays open, the results are never mixed', async () => {
  toSubmits(accepted('job_shared'));
  const first = await gateway.request('blind');
  await gateway.when('accepted', first, ({ phase }) => phase === 'processing');
  const second = await gateway.request('blind');
  const state = await gateway.when('unknown', second, ({ phase }) => phase === 'unresolved');
  expect(currentAttempt(state)).toMatchObject({
    vendorJobId: null,
    unknownCause: 'UNKNOWN_CAUSE_JOB_ID_TAKEN',
  });
  await gateway.cancel(first);
  await gateway.cancel(second);
});

it('neither publishes nor cancels the job of another generation that a person named: the question is open again', async () => {
  const picture = { url: 'http://127.0.0.1:9/a.png' };
  const running = json(200, { id: 'job_owned', status: 'running' });
  vendor.says(({ method, path }) =>
    method === 'POST' && path === '/v1/jobs' ? json(201, { id: 'job_owned', status: 'queued' }) : running,
  );
  const owner = await gateway.request('blind');
  await gateway.when('accepted', owner, ({ phase }) => phase === 'processing');
  vendor.says(({ method, path }) => {
    if (method === 'POST' && path === '/v1/jobs') return { status: 504 };
    return json(200, { id: 'job_owned', status: 'succeeded', outputs: [picture] });
  });
  const other = await gateway.request('blind');
  await gateway.when('unknown', other, ({ phase }) => phase === 'unresolved');
  await gateway.command(other, 'control-plane', ({ decisionVersion }) => ({
    type: 'resolve',
    now: Date.now(),
    reason: 'a slip',
    expectedDecisionVersion: decisionVersion,
    attempt: 1,
    outcome: 'found',
    jobId: 'job_owned',
    acceptDoubleCharge: false,
  }));
  const state = await gateway.when(
    'open again',
    other,
    ({ phase, attempts }) =>
      phase === 'unresolved' && attempts[0]?.unknownCause === 'UNKNOWN_CAUSE_JOB_ID_TAKEN',
  );
  expect(state).toMatchObject({ outputs: [], attempts: [{ vendorJobId: null, charge: 'CHARGE_POSSIBLE' }] });
  await gateway.cancel(other);
  await gateway.when('owner produced', owner, ({ phase }) => phase === 'storing');
});

it('begins nothing while the vendor cannot be reached: no attempt is on record, and work goes on when it can', async () => {
  const away = await GatewayUnderTest.create();
  const before = await VendorDouble.start();
  const { url, port } = before;
  await before.stop();
  await away.start(url);
  const generation = await away.request('standard');
  await away.whenRow('put off', generation, ({ phase, holder }) => phase === 'requested' && holder === null);
  expect(await away.types(generation)).toEqual(['GenerationRequested']);
  const back = await VendorDouble.start(port);
  back.says(() => accepted());
  await away.when('accepted', generation, ({ phase }) => phase === 'processing');
  await away.drop();
  await back.stop();
});
