import { createFalClient, type FalClient } from '@fal-ai/client';
import { falProtocol, startDouble, type VendorDouble } from '@darkroom/vendor-doubles';
import { deliveredAt, falWebhook } from '../testing/genuine-webhooks.js';
import { Speaker } from '../testing/speak.js';
import { startWebhookReceiver, type WebhookReceiver } from '../testing/webhook-receiver.js';
import { falAdapter } from './adapter.js';

const model = 'fal-ai/flux/schnell';
let double: VendorDouble;
let speaker: Speaker;

beforeAll(async () => {
  double = await startDouble(falProtocol());
  speaker = new Speaker(falAdapter, double, model, '', [1024, 768]);
});
afterAll(() => double.stop());
beforeEach(() => speaker.control({ job: { seconds: 0.1 } }));

describe('from submit to images', () => {
  it('maps size, count, seed and format, and comes to links', async () => {
    const jobId = await speaker.accepted(speaker.input({ count: 3, seed: 77, format: 'jpeg' }));
    const end = await speaker.end(jobId);
    if (end.kind !== 'job' || end.state.kind !== 'produced') throw new Error(JSON.stringify(end));
    expect(end.state).toMatchObject({ dropped: 0, outputs: [{ index: 0 }, { index: 1 }, { index: 2 }] });
    expect(double.book.job(jobId)).toMatchObject({
      model,
      order: { width: 1024, height: 768, count: 3, seed: 77, format: 'jpeg' },
    });
    for (const { source, mediaType } of end.state.outputs) {
      const answer = await fetch(source.kind === 'link' ? source.url : 'data:,');
      expect([answer.headers.get('content-type'), mediaType]).toEqual(['image/jpeg', 'image/jpeg']);
    }
  });

  it('shows its place in the queue, and how far it is', async () => {
    speaker.control({ job: { end: 'stuck' } });
    const jobId = await speaker.accepted();
    expect(await speaker.poll(jobId)).toMatchObject({
      state: { kind: 'open', stage: 'queued', queuePosition: 3 },
    });
    await speaker.reaches(jobId, 'running');
    expect(await speaker.poll(jobId)).toMatchObject({
      state: { kind: 'open', stage: 'running', percent: 50 },
    });
  });

  it.each([
    [
      'a status word that nobody knows',
      { job: { seconds: 60, word: 'WARMING_UP' } },
      { kind: 'open', statusKnown: false },
    ],
    ['fields that are new', { answers: { extraFields: true } }, { kind: 'open' }],
    ['without what is optional', { answers: { withoutOptional: true } }, { kind: 'open' }],
    ['what is odd where it is not needed', { answers: { oddTypes: true } }, { kind: 'open' }],
    ['10 MB of logs', { answers: { logBytes: 10_000_000 } }, { kind: 'open' }],
  ] as const)('%s changes nothing', async (_what, controls, state) => {
    speaker.control({ job: { end: 'stuck' }, ...controls });
    const jobId = await speaker.accepted();
    await speaker.reaches(jobId, 'running');
    expect(await speaker.poll(jobId)).toMatchObject({ kind: 'job', state });
  });

  it.each([
    [{ end: 'moderated' }, 'ATTEMPT_END_MODERATED', 'FAILURE_CLASS_CONTENT_REJECTED'],
    [{ error: 'black' }, 'ATTEMPT_END_MODERATED', 'FAILURE_CLASS_CONTENT_REJECTED'],
    [{ end: 'failed' }, 'ATTEMPT_END_VENDOR_FAILED', 'FAILURE_CLASS_VENDOR_FAULT'],
    [
      { end: 'failed', error: 'runner_scheduling_failure' },
      'ATTEMPT_END_VENDOR_FAILED',
      'FAILURE_CLASS_OVERLOADED',
    ],
    [{ end: 'failed', error: 'generation_timeout' }, 'ATTEMPT_END_VENDOR_FAILED', 'FAILURE_CLASS_TIMEOUT'],
    [
      { end: 'failed', error: 'image_too_large' },
      'ATTEMPT_END_VENDOR_FAILED',
      'FAILURE_CLASS_INVALID_REQUEST',
    ],
  ] as const)('COMPLETED is no success: %j ends as %s, %s', async (job, end, failureClass) => {
    speaker.control({ job: { seconds: 0.05, ...job } });
    expect(await speaker.end(await speaker.accepted())).toMatchObject({
      state: { kind: 'failed', end, failureClass },
    });
  });

  it.each([
    ['a transient error of the queue', { status: 503 }],
    ['a sentence with 400', { status: 400 }],
    ['a rate limit', { status: 429 }],
    ['a 404', { status: 404 }],
  ])('%s at the result is no end of a request that was completed', async (_what, refuse) => {
    const jobId = await speaker.accepted();
    speaker.control({ refuse: { ...refuse, of: 'result', times: 1 } });
    expect(await speaker.end(jobId)).toMatchObject({ kind: 'error' });
    expect(await speaker.end(jobId)).toMatchObject({ state: { kind: 'produced' } });
  });

  it.each([
    ['{}', 'unreadable'],
    ['{"detail":"hello"}', 'unreadable'],
    ['{"images":[]}', 'job'],
    ['{"images":[{"url":"https://x.example/a.png"}],"has_nsfw_concepts":[null]}', 'job'],
  ])('a result of %s is %s', async (body, kind) => {
    const asked = { model, jobId: await speaker.accepted() };
    const status = { status: 200, headers: {}, body: Buffer.from('{"status":"COMPLETED"}') };
    const first = falAdapter.readPoll(status, asked, 0);
    if (first.kind !== 'ask') throw new Error(first.kind);
    expect(first.read({ status: 200, headers: {}, body: Buffer.from(body) }, 0).kind).toBe(kind);
  });

  it.each([
    [{ status: 'COMPLETED', error: 'no', error_type: 'content_policy_violation' }, false],
    [{ status: 'COMPLETED', error: 'Invalid status code: 422', error_type: 'missing' }, false],
    [{ status: 'COMPLETED', error: 'Invalid status code: 503', error_type: 'runner_disconnected' }, true],
  ])('%j is free: %s; of a status that is not told nobody knows', (body, isFree) => {
    const answer = { status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) };
    const told = falAdapter.readPoll(answer, { model, jobId: 'x' }, 0);
    if (told.kind !== 'job' || told.state.kind !== 'failed') throw new Error(JSON.stringify(told));
    expect(told.state.isFree === true).toBe(isFree);
  });

  it('a status that names no request is of the one that was asked for', () => {
    const body = Buffer.from('{"status":"IN_QUEUE","request_id":null}');
    expect(falAdapter.readPoll({ status: 200, headers: {}, body }, { model, jobId: 'x' }, 0).kind).toBe(
      'job',
    );
  });

  it('a failure with 5xx costs nothing, one with 422 may', async () => {
    speaker.control({ job: { seconds: 0, end: 'failed' } });
    expect(await speaker.end(await speaker.accepted())).toMatchObject({ state: { isFree: true } });
    speaker.control({ job: { seconds: 0, end: 'moderated' } });
    expect(await speaker.end(await speaker.accepted())).not.toMatchObject({ state: { isFree: true } });
  });

  it('a success without images is told as one without images', async () => {
    speaker.control({ job: { seconds: 0, end: 'nothing' } });
    expect(await speaker.end(await speaker.accepted())).toMatchObject({
      state: { kind: 'produced', outputs: [] },
    });
  });

  it('is taken out of the queue, asked to stop, or has ended before', async () => {
    speaker.control({ job: { end: 'stuck' } });
    expect(await speaker.cancel(await speaker.accepted())).toMatchObject({
      state: { kind: 'canceled', isFree: true },
    });
    const running = await speaker.accepted();
    await speaker.reaches(running, 'running');
    speaker.control({ cancel: 'ignored' });
    expect(await speaker.cancel(running)).toMatchObject({ state: { kind: 'open' } });
    speaker.control({});
    expect(await speaker.cancel(running)).toMatchObject({ state: { kind: 'open' } });
    expect(await speaker.poll(running)).toMatchObject({ state: { kind: 'canceled' } });
    speaker.control({ job: { seconds: 0 } });
    expect(await speaker.cancel(await speaker.accepted())).toMatchObject({ state: { kind: 'produced' } });
    expect(await speaker.cancel('00000000-0000-4000-8000-000000000000')).toEqual({ kind: 'not_found' });
  });

  it.each([
    ['ok', 'canceled'],
    ['cancellation_requested', 'open'],
  ])('says %s to a cancel in any case', (status, kind) => {
    const body = Buffer.from(JSON.stringify({ status }));
    const said = falAdapter.readCancel({ status: 202, headers: {}, body }, { model, jobId: 'x' }, 0);
    expect(said).toMatchObject({ kind: 'job', state: { kind } });
  });

  it('a request that is not found at first is found then', async () => {
    speaker.control({ answers: { notFoundFirst: 1 } });
    const jobId = await speaker.accepted();
    expect(await speaker.poll(jobId)).toEqual({ kind: 'not_found' });
    expect(await speaker.poll(jobId)).toMatchObject({ kind: 'job' });
  });
});

describe('a submit whose answer was lost', () => {
  it.each([
    'accept-then-drop',
    'accept-then-502-html',
    'accept-then-garbage-json',
    'accept-then-cut-body',
  ] as const)(
    '%s proves nothing, and the history shows the one request once it has ended',
    async (mishap) => {
      const input = speaker.input();
      speaker.control({ submit: { mishap, times: 1 }, job: { seconds: 0.3 } });
      expect(
        await speaker.billed(async () =>
          expect(['lost', 'unreadable']).toContain((await speaker.submit(input)).kind),
        ),
      ).toBe(1);
      expect(await speaker.lookup(input)).toEqual({ kind: 'absent' });
      await speaker.reaches(double.book.bill.at(-1)?.id ?? '', 'succeeded');
      expect(await speaker.lookup(input)).toMatchObject({
        kind: 'found',
        jobs: [{ jobId: double.book.bill.at(-1)?.id }],
      });
    },
  );

  it('dropped before it was taken cannot be told apart', async () => {
    const input = speaker.input();
    speaker.control({ submit: { mishap: 'drop-before-accept', times: 1 } });
    expect(
      await speaker.billed(async () => expect(await speaker.submit(input)).toEqual({ kind: 'lost' })),
    ).toBe(0);
    expect(await speaker.lookup(input)).toEqual({ kind: 'absent' });
  });

  it('is not taken for another request with the same seed and prompt', async () => {
    speaker.control({ job: { seconds: 0 } });
    const input = speaker.input();
    await speaker.accepted({ ...input, count: 2 });
    expect(await speaker.lookup(input)).toEqual({ kind: 'absent' });
  });

  it('is found on a later page, and all its charges are', async () => {
    speaker.control({ job: { seconds: 0 }, list: { pageSize: 1 } });
    const input = speaker.input();
    const jobs = [await speaker.accepted(input), await speaker.accepted(input)];
    await speaker.accepted();
    const found = await speaker.lookup(input);
    expect(found.kind === 'found' && found.jobs.map(({ jobId }) => jobId).toSorted()).toEqual(
      jobs.toSorted(),
    );
  });
});

describe('a refusal', () => {
  it.each([
    [401, undefined, 'FAILURE_CLASS_UNAUTHORIZED'],
    [403, undefined, 'FAILURE_CLASS_INSUFFICIENT_CREDIT'],
    [403, 'region', 'FAILURE_CLASS_UNAUTHORIZED'],
    [422, undefined, 'FAILURE_CLASS_INVALID_REQUEST'],
    [429, undefined, 'FAILURE_CLASS_RATE_LIMITED'],
  ])('%i %s is one, and costs nothing', async (status, reason, failureClass) => {
    speaker.control({ refuse: { status, ...(reason === undefined ? {} : { reason }) } });
    expect(
      await speaker.billed(async () =>
        expect(await speaker.submit(speaker.input())).toMatchObject({ kind: 'refused', failureClass }),
      ),
    ).toBe(0);
  });

  it.each([500, 502, 503, 504, 408, 409])('%i proves nothing', async (status) => {
    speaker.control({ refuse: { status } });
    expect(await speaker.submit(speaker.input())).toMatchObject({ kind: 'unreadable' });
  });

  it('a poll that fails says nothing of the request', async () => {
    const jobId = await speaker.accepted();
    speaker.control({ refuse: { status: 503, of: 'poll' } });
    expect(await speaker.poll(jobId)).toMatchObject({
      kind: 'error',
      failureClass: 'FAILURE_CLASS_OVERLOADED',
    });
  });
});

describe('webhooks', () => {
  let receiver: WebhookReceiver;
  beforeEach(async () => {
    receiver = await startWebhookReceiver();
  });
  afterEach(() => receiver.stop());

  const keys = async (): Promise<string[]> => {
    const { path = '', read } = falAdapter.webhookKeys ?? {};
    const answer = await fetch(`${double.url}/keys${path}`);
    return read?.(new Uint8Array(await answer.arrayBuffer())) ?? [];
  };
  const verdictsAfter = async (controls: object, count = 1) => {
    speaker.control({ job: { seconds: 0.05 }, ...controls });
    const jobId = await speaker.accepted(speaker.input({ webhookUrl: receiver.url }));
    await receiver.received(count);
    const known = await keys();
    expect(known).toHaveLength(2);
    return {
      jobId,
      verdicts: receiver.deliveries.map((one) => falAdapter.verifyWebhook(one, known, Date.now())),
    };
  };

  it('are verified by a published key', async () => {
    const { jobId, verdicts } = await verdictsAfter({ webhook: { duplicate: true } }, 2);
    expect(verdicts).toEqual([
      expect.objectContaining({
        kind: 'verified',
        jobId,
        state: expect.objectContaining({ kind: 'produced' }),
      }),
      verdicts[0],
    ]);
  });

  it.each([
    ['a name', 'job-1', 'verified'],
    ['a name that breaks logs', 'a\u001b[2Jb', 'refused'],
    ['a name of 1 MB', 'x'.repeat(1_000_000), 'refused'],
  ])('with %s, genuine: as it should be', (_what, requestId, kind) => {
    const { delivery, secrets } = falWebhook(Buffer.from('{"request_id":"job-1","status":"OK"}'), requestId);
    expect(falAdapter.verifyWebhook(delivery, secrets, deliveredAt).kind).toBe(kind);
  });

  it('tell of a failure and of its reason', async () => {
    const { verdicts } = await verdictsAfter({ job: { seconds: 0.05, end: 'moderated' } });
    expect(verdicts).toMatchObject([{ kind: 'verified', state: { end: 'ATTEMPT_END_MODERATED' } }]);
  });

  it.each([
    [{ status: 'ok', payload: { images: [] } }, 'produced'],
    [{ status: 'Error', error: 'Invalid status code: 422', payload: { detail: [{ msg: 'no' }] } }, 'failed'],
  ])('have words in any case: %j', (told, kind) => {
    const body = Buffer.from(JSON.stringify({ request_id: 'x', ...told }));
    expect(falAdapter.readNotification(body)).toMatchObject({ jobId: 'x', state: { kind } });
  });

  it.each([
    ['a wrong signature', { wrongSignature: true }, 'signature_mismatch'],
    ['an hour ago', { oldTimestamp: true }, 'timestamp_out_of_range'],
  ])('with %s are not believed', async (_what, webhook, reason) => {
    expect((await verdictsAfter({ webhook })).verdicts).toEqual([{ kind: 'refused', reason }]);
  });
});

describe("the vendor's own client reads the double", () => {
  const client = (): FalClient =>
    createFalClient({
      credentials: 'id:secret',
      requestMiddleware: async (request) => ({
        ...request,
        url: request.url.replace(/^https:\/\/(queue\.)?fal\.run/, double.url),
      }),
    });

  it('submits, asks, reads and cancels', async () => {
    const fal = client();
    const { request_id: requestId } = await fal.queue.submit(model, { input: { prompt: 'a boat' } });
    let status = await fal.queue.status(model, { requestId, logs: true });
    while (status.status !== 'COMPLETED') {
      await new Promise((resolve) => setTimeout(resolve, 30));
      status = await fal.queue.status(model, { requestId, logs: true });
    }
    const { data } = await fal.queue.result(model, { requestId });
    expect(data).toMatchObject({
      images: [{ url: expect.stringMatching(/^http/) }],
      has_nsfw_concepts: [false],
    });
    speaker.control({ job: { end: 'stuck' } });
    const long = await fal.queue.submit(model, { input: { prompt: 'a boat' } });
    await fal.queue.cancel(model, { requestId: long.request_id });
    expect(double.book.job(long.request_id)?.canceledAt).not.toBeNull();
  });

  it('understands that what was completed has failed', async () => {
    speaker.control({ job: { seconds: 0, end: 'moderated' } });
    const fal = client();
    const { request_id: requestId } = await fal.queue.submit(model, { input: { prompt: 'a boat' } });
    await expect(fal.queue.result(model, { requestId })).rejects.toMatchObject({
      status: 422,
      body: { detail: [{ type: 'content_policy_violation' }] },
    });
  });

  it('submits again by itself when the answer is lost, which is why Darkroom does not submit through it', async () => {
    speaker.control({ submit: { mishap: 'accept-then-drop' } });
    const taken = await speaker.billed(async () =>
      client()
        .queue.submit(model, { input: { prompt: 'a boat' } })
        .catch(() => undefined),
    );
    expect(taken).toBeGreaterThan(1);
  });
});
