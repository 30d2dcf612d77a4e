import { randomBytes } from 'node:crypto';
import { replicateProtocol, startDouble, type VendorDouble } from '@darkroom/vendor-doubles';
import { Speaker } from '../testing/speak.js';
import { startWebhookReceiver, type WebhookReceiver } from '../testing/webhook-receiver.js';
import { replicateAdapter } from './adapter.js';

const secret = `whsec_${randomBytes(24).toString('base64')}`;
const model = 'black-forest-labs/flux-schnell';
let double: VendorDouble;
let speaker: Speaker;

beforeAll(async () => {
  double = await startDouble(replicateProtocol({ webhookSecret: secret }));
  speaker = new Speaker(replicateAdapter, double, model, '/v1', [1344, 768]);
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
      order: { width: 1344, height: 768, count: 3, seed: 77, format: 'jpeg' },
      asked: { aspect_ratio: '16:9', num_outputs: 3, seed: 77, output_format: 'jpg' },
    });
    for (const { source } of end.state.outputs) {
      const answer = await fetch(source.kind === 'link' ? source.url : 'data:,');
      expect(answer.headers.get('content-type')).toBe('image/jpeg');
    }
  });

  it('reads images in the answer itself', async () => {
    speaker.control({ job: { seconds: 0 }, output: { inline: true } });
    const answer = await speaker.submit(speaker.input());
    expect(answer).toMatchObject({
      kind: 'ended',
      state: { kind: 'produced', outputs: [{ source: { kind: 'inline' }, mediaType: 'image/png' }] },
    });
  });

  it('shows how far it is, from the bar in the logs', async () => {
    speaker.control({ job: { seconds: 60 } });
    const { deadline, acceptedAt } = double.book.job(await speaker.accepted()) ?? {};
    expect((deadline ?? 0) - (acceptedAt ?? 0)).toBe(600_000);
    speaker.control({ job: { end: 'stuck' } });
    expect(await speaker.poll(await speaker.accepted())).toMatchObject({
      state: { kind: 'open', stage: 'queued', percent: 50, statusKnown: true },
    });
  });

  it.each([
    [
      'a status word that nobody knows',
      { job: { seconds: 60, word: 'warming_up' } },
      { kind: 'open', statusKnown: false },
    ],
    ['fields that are new', { answers: { extraFields: true } }, { kind: 'open' }],
    ['without what is optional', { answers: { withoutOptional: true } }, { kind: 'open' }],
    ['what is odd where it is not needed', { answers: { oddTypes: true } }, { kind: 'open' }],
    ['10 MB of logs', { answers: { logBytes: 10_000_000 } }, { kind: 'open' }],
  ] as const)('%s changes nothing', async (_what, controls, state) => {
    speaker.control({ job: { seconds: 60 }, ...controls });
    expect(await speaker.poll(await speaker.accepted())).toMatchObject({ kind: 'job', state });
  });

  it.each([
    [{ end: 'moderated' }, 'ATTEMPT_END_MODERATED', 'FAILURE_CLASS_CONTENT_REJECTED', 'E005'],
    [{ end: 'failed' }, 'ATTEMPT_END_VENDOR_FAILED', 'FAILURE_CLASS_VENDOR_FAULT', 'E1001'],
    [
      { end: 'failed', error: 'Service is in high demand' },
      'ATTEMPT_END_VENDOR_FAILED',
      'FAILURE_CLASS_OVERLOADED',
      'failed',
    ],
    [
      { end: 'failed', error: 'start timed out (E6716)' },
      'ATTEMPT_END_VENDOR_FAILED',
      'FAILURE_CLASS_TIMEOUT',
      'E6716',
    ],
  ] as const)('%j ends as %s, %s', async (job, end, failureClass, vendorCode) => {
    speaker.control({ job: { seconds: 0.05, ...job } });
    expect(await speaker.end(await speaker.accepted())).toMatchObject({
      state: { kind: 'failed', end, failureClass, vendorCode },
    });
  });

  it('whose deadline comes before it is started costs nothing', async () => {
    speaker.control({ job: { seconds: 600 } });
    const jobId = await speaker.accepted(speaker.input({ deadlineSeconds: 5 }));
    const job = double.book.job(jobId);
    expect((job?.deadline ?? 0) - (job?.acceptedAt ?? 0)).toBe(5_000);
    const body = Buffer.from(JSON.stringify({ id: jobId, status: 'aborted' }));
    expect(replicateAdapter.readPoll({ status: 200, headers: {}, body }, { model, jobId }, 0)).toMatchObject({
      state: { kind: 'canceled', isFree: true },
    });
  });

  it('whose pictures were removed says so, and is no success without any', () => {
    const body = Buffer.from(
      JSON.stringify({ id: 'x', status: 'succeeded', output: null, data_removed: true }),
    );
    expect(
      replicateAdapter.readPoll({ status: 200, headers: {}, body }, { model, jobId: 'x' }, 0),
    ).toMatchObject({
      state: { kind: 'failed', vendorCode: 'data_removed' },
    });
  });

  it('a success without images is told as one without images', async () => {
    speaker.control({ job: { seconds: 0, end: 'nothing' } });
    expect(await speaker.submit(speaker.input())).toMatchObject({ state: { kind: 'produced', outputs: [] } });
  });

  it('can be canceled, and a refusal to is seen', async () => {
    speaker.control({ job: { seconds: 60 } });
    const jobId = await speaker.accepted();
    const cancel = () => speaker.cancel(jobId);
    speaker.control({ cancel: 'refused' });
    expect(await cancel()).toMatchObject({ kind: 'error' });
    speaker.control({ cancel: 'ignored' });
    expect(await cancel()).toMatchObject({ state: { kind: 'open' } });
    speaker.control({});
    expect(await cancel()).toMatchObject({ state: { kind: 'canceled' } });
  });

  it('a prediction that is not found at first is found then', async () => {
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
  ] as const)('%s proves nothing, and the list shows the one prediction', async (mishap) => {
    const input = speaker.input({ webhookUrl: `http://127.0.0.1:9/hook/${mishap}` });
    speaker.control({ submit: { mishap, times: 1 } });
    expect(
      await speaker.billed(async () =>
        expect(['lost', 'unreadable']).toContain((await speaker.submit(input)).kind),
      ),
    ).toBe(1);
    expect(await speaker.lookup(input)).toMatchObject({
      kind: 'found',
      jobs: [{ jobId: double.book.bill.at(-1)?.id }],
    });
  });

  it('is not waited for longer than the caller wants', async () => {
    speaker.control({ submit: { mishap: 'accept-then-hang', times: 1 } });
    speaker.patienceMs = 300;
    const input = speaker.input();
    expect(
      await speaker.billed(async () => expect(await speaker.submit(input)).toEqual({ kind: 'lost' })),
    ).toBe(1);
    speaker.patienceMs = 5_000;
    expect(await speaker.lookup(input)).toMatchObject({ kind: 'found' });
  });

  it('is known again where its settings have changed, and is nobody else’s', async () => {
    const input = speaker.input({ webhookUrl: 'http://127.0.0.1:9/old-address/1' });
    const jobId = await speaker.accepted(input);
    // No address of ours says nothing: what was asked does.
    expect(await speaker.lookup({ ...input, webhookUrl: 'http://127.0.0.1:9/hook/new' })).toMatchObject({
      kind: 'found',
      jobs: [{ jobId }],
    });
    expect(await speaker.lookup({ ...input, count: 2 })).toEqual({ kind: 'absent' });
  });

  it('is found beside predictions that cannot be read, which prove no absence', () => {
    const listed = (...results: unknown[]) => ({
      status: 200,
      headers: {},
      body: Buffer.from(JSON.stringify({ next: null, results })),
    });
    const lost = { ...speaker.input(), startedAt: 0, names: () => undefined };
    const ours = { id: 'ours', status: 'starting', model, input: { prompt: lost.prompt, seed: lost.seed } };
    expect(replicateAdapter.readLookup(listed({ id: 7 }, ours), lost, 0)).toMatchObject({
      kind: 'found',
      jobs: [{ jobId: 'ours' }],
    });
    expect(replicateAdapter.readLookup(listed({ id: 7 }), lost, 0)).toMatchObject({ kind: 'unreadable' });
  });

  it('dropped before it was taken cannot be told apart but by the list', async () => {
    const input = speaker.input();
    speaker.control({ submit: { mishap: 'drop-before-accept', times: 1 } });
    expect(
      await speaker.billed(async () => expect(await speaker.submit(input)).toEqual({ kind: 'lost' })),
    ).toBe(0);
    expect(await speaker.lookup(input)).toEqual({ kind: 'absent' });
  });

  it('is known by its seed and prompt where there is no webhook', async () => {
    const [input, other] = [speaker.input(), speaker.input()];
    const jobId = await speaker.accepted(input);
    await speaker.accepted(other);
    expect(await speaker.lookup(input)).toMatchObject({ kind: 'found', jobs: [{ jobId }] });
  });

  it('is not taken for another attempt at the same pictures', async () => {
    const first = speaker.input({ webhookUrl: 'http://127.0.0.1:9/hook/first' });
    await speaker.accepted(first);
    expect(await speaker.lookup({ ...first, webhookUrl: 'http://127.0.0.1:9/hook/second' })).toEqual({
      kind: 'absent',
    });
  });

  it('is found on a later page, and all its charges are', async () => {
    const input = speaker.input({ webhookUrl: 'http://127.0.0.1:9/hook/twice' });
    const jobs = [await speaker.accepted(input), await speaker.accepted(input)];
    await speaker.accepted();
    await speaker.accepted();
    speaker.control({ list: { pageSize: 1 } });
    const found = await speaker.lookup(input);
    expect(found.kind === 'found' && found.jobs.map(({ jobId }) => jobId).toSorted()).toEqual(
      jobs.toSorted(),
    );
  });

  it('after the hour its webhook is what is left of it', async () => {
    const input = speaker.input({ webhookUrl: 'http://127.0.0.1:9/hook/late' });
    const jobId = await speaker.accepted(input);
    speaker.control({ list: { withoutInputs: true } });
    expect(await speaker.lookup(input)).toMatchObject({ kind: 'found', jobs: [{ jobId }] });
    const { webhookUrl: _, ...withoutWebhook } = input;
    expect(await speaker.lookup(withoutWebhook)).toEqual({ kind: 'absent' });
  });
});

describe('a refusal', () => {
  it.each([
    [401, undefined, 'FAILURE_CLASS_UNAUTHORIZED'],
    [402, undefined, 'FAILURE_CLASS_INSUFFICIENT_CREDIT'],
    [422, undefined, 'FAILURE_CLASS_INVALID_REQUEST'],
    [429, undefined, 'FAILURE_CLASS_RATE_LIMITED'],
    [404, undefined, 'FAILURE_CLASS_INVALID_REQUEST'],
  ])('%i is one, and costs nothing', async (status, reason, failureClass) => {
    speaker.control({ refuse: { status, ...(reason === undefined ? {} : { reason }) } });
    expect(
      await speaker.billed(async () =>
        expect(await speaker.submit(speaker.input())).toMatchObject({ kind: 'refused', failureClass }),
      ),
    ).toBe(0);
  });

  it.each([
    ['seconds', { retryAfter: '7' }, 7],
    ['a date', { retryAfter: 'in 20 s' }, 20],
    ['the text alone', { reason: 'text' }, 30],
    ['the text beside a header that makes no sense', { reason: 'text', retryAfter: 'in a little while' }, 30],
    ['nothing', {}, null],
  ])(
    '429 with Retry-After as %s',
    async (_how, { retryAfter, ...more }: { retryAfter?: string; reason?: string }, seconds) => {
      const given = retryAfter === 'in 20 s' ? new Date(Date.now() + 20_000).toUTCString() : retryAfter;
      speaker.control({
        refuse: { status: 429, ...more, ...(given === undefined ? {} : { retryAfter: given }) },
      });
      const answer = await speaker.submit(speaker.input());
      if (answer.kind !== 'refused') throw new Error(answer.kind);
      if (seconds === null) expect(answer.retryAfterSeconds).toBeNull();
      else expect(Math.abs((answer.retryAfterSeconds ?? 0) - seconds)).toBeLessThanOrEqual(1);
    },
  );

  it.each([500, 502, 503, 504, 408, 409])('%i proves nothing', async (status) => {
    speaker.control({ refuse: { status } });
    expect(await speaker.submit(speaker.input())).toMatchObject({ kind: 'unreadable' });
  });

  it('a poll that fails says nothing of the job', async () => {
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

  const verdictsAfter = async (webhook: object, count: number) => {
    speaker.control({ job: { seconds: 0.05 }, webhook });
    const jobId = await speaker.accepted(speaker.input({ webhookUrl: receiver.url }));
    await receiver.received(count);
    const verdicts = receiver.deliveries.map((one) =>
      replicateAdapter.verifyWebhook(one, ['whsec_b2xk', secret], Date.now()),
    );
    return { jobId, verdicts };
  };

  it('are verified, and told apart by their id', async () => {
    const { jobId, verdicts } = await verdictsAfter({ duplicate: true, beforeStart: true }, 3);
    expect(verdicts).toEqual([
      expect.objectContaining({
        kind: 'verified',
        jobId,
        state: expect.objectContaining({ kind: 'produced' }),
      }),
      verdicts[0],
      expect.objectContaining({ kind: 'verified', jobId, state: expect.objectContaining({ kind: 'open' }) }),
    ]);
  });

  it.each([
    ['a wrong signature', { wrongSignature: true }, 'signature_mismatch'],
    ['an hour ago', { oldTimestamp: true }, 'timestamp_out_of_range'],
  ])('with %s are not believed', async (_what, webhook, reason) => {
    expect((await verdictsAfter(webhook, 1)).verdicts).toEqual([{ kind: 'refused', reason }]);
  });
});
