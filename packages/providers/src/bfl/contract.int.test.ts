import { bflProtocol, startDouble, type VendorDouble } from '@darkroom/vendor-doubles';
import { answered } from '../testing/answered.js';
import { lostAnswersProveNothing } from '../testing/lost-answers.js';
import { Speaker } from '../testing/speak.js';
import { startWebhookReceiver, type WebhookReceiver } from '../testing/webhook-receiver.js';
import { bflAdapter } from './adapter.js';

const model = 'flux-2-pro';
let double: VendorDouble;
let speaker: Speaker;

beforeAll(async () => {
  double = await startDouble(bflProtocol());
  speaker = new Speaker(bflAdapter, double, model, '/v1', [1024, 768]);
});
afterAll(() => double.stop());
beforeEach(() => speaker.control({ job: { seconds: 0.1 } }));

const polled = (body: object, status = 200) =>
  bflAdapter.readPoll(answered(status, body), { model, jobId: 'x' }, 0);

describe('from submit to the image', () => {
  it('maps size, seed and format, tells the price, and asks where the vendor said', async () => {
    const input = speaker.input({ seed: 77, format: 'jpeg' });
    const said = await speaker.submit(input);
    if (said.kind !== 'accepted') throw new Error(said.kind);
    expect(said).toMatchObject({
      jobUrl: `${double.url}/us1/v1/get_result?id=${said.jobId}`,
      cost: { micros: '35000', currency: 'USD' },
    });
    expect(double.book.job(said.jobId)).toMatchObject({
      model,
      order: { width: 1024, height: 768, count: 1, seed: 77, format: 'jpeg' },
    });
    await speaker.reaches(said.jobId, 'succeeded');
    const there = await speaker.poll(said.jobId, said.jobUrl);
    if (there.kind !== 'job' || there.state.kind !== 'produced') throw new Error(JSON.stringify(there));
    const [output] = there.state.outputs;
    const fetched = await fetch(output?.source.kind === 'link' ? output.source.url : 'data:,');
    expect(fetched.headers.get('content-type')).toBe('image/jpeg');
    // Another region does not know it.
    expect(await speaker.poll(said.jobId)).toEqual({ kind: 'not_found' });
  });

  it.each<[string, Parameters<Speaker['control']>[0], object]>([
    ['a status word that nobody knows', { job: { seconds: 60, word: 'Dreaming' } }, { statusKnown: false }],
    ['fields that are new', { answers: { extraFields: true } }, { percent: 50 }],
    ['what is odd where it is not needed', { answers: { oddTypes: true } }, { percent: null }],
    ['without what is optional', { answers: { withoutOptional: true } }, { percent: 50 }],
  ])('%s changes nothing', async (_what, controls, state) => {
    speaker.control({ job: { seconds: 60 }, ...controls });
    const said = await speaker.submit(speaker.input());
    if (said.kind !== 'accepted') throw new Error(said.kind);
    expect(await speaker.poll(said.jobId, said.jobUrl)).toMatchObject({
      kind: 'job',
      state: { kind: 'open', ...state },
    });
  });

  it.each([
    [{ end: 'moderated' }, { end: 'ATTEMPT_END_MODERATED', isFree: true, vendorCode: 'content_moderated' }],
    [{ end: 'failed' }, { end: 'ATTEMPT_END_VENDOR_FAILED', vendorMessage: 'inference failed' }],
  ] as const)('%j', async (job, state) => {
    speaker.control({ job: { seconds: 0.05, ...job } });
    const said = await speaker.submit(speaker.input());
    if (said.kind !== 'accepted') throw new Error(said.kind);
    await speaker.reaches(said.jobId, 'failed', 'moderated');
    expect(await speaker.poll(said.jobId, said.jobUrl)).toMatchObject({
      state: { kind: 'failed', ...state },
    });
  });

  it('reads the body of a poll, whatever its status', () => {
    const ready = { id: 'x', status: 'Ready', result: { sample: 'https://files.example/x.png' } };
    for (const status of [200, 404, 503])
      expect(polled(ready, status)).toMatchObject({ state: { kind: 'produced' } });
    expect(polled({ id: 'x', status: 'Task not found' })).toEqual({ kind: 'not_found' });
    expect(polled({ id: 'x', status: 'Request Moderated' })).toMatchObject({ state: { isFree: true } });
    expect(polled({ id: 'another', status: 'Ready' })).toMatchObject({ kind: 'unreadable' });
    expect(polled({ detail: 'no' }, 503)).toMatchObject({ kind: 'error' });
    expect(polled({ id: 'x', status: 'Ready', result: {} })).toMatchObject({
      state: { kind: 'produced', outputs: [], dropped: 0 },
    });
    expect(polled({ id: 'x', status: 'Ready', result: { sample: 'file:///etc/passwd' } })).toMatchObject({
      state: { kind: 'produced', outputs: [], dropped: 1 },
    });
  });
});

describe('a refusal', () => {
  it.each<[number, string | undefined, string]>([
    [402, undefined, 'FAILURE_CLASS_INSUFFICIENT_CREDIT'],
    [403, undefined, 'FAILURE_CLASS_UNAUTHORIZED'],
    [422, undefined, 'FAILURE_CLASS_INVALID_REQUEST'],
    [400, 'words', 'FAILURE_CLASS_INVALID_REQUEST'],
    [429, undefined, 'FAILURE_CLASS_RATE_LIMITED'],
  ])('%i %s: nothing was taken', async (status, reason, failureClass) => {
    speaker.control({ refuse: { status, ...(reason === undefined ? {} : { reason }) } });
    const bill = await speaker.billed(async () => {
      expect(await speaker.submit(speaker.input())).toMatchObject({ kind: 'refused', failureClass });
    });
    expect(bill).toBe(0);
  });

  it.each([
    ['7', 7],
    [undefined, 5],
    ['soon', 5],
    ['in 30 s', 30],
  ])('for too many tasks, with Retry-After %s, waits %d s', async (given, seconds) => {
    // From now on, and not from when the tests were listed.
    const retryAfter = given === 'in 30 s' ? new Date(Date.now() + 30_000).toUTCString() : given;
    speaker.control({ refuse: { status: 429, ...(retryAfter === undefined ? {} : { retryAfter }) } });
    const said = await speaker.submit(speaker.input());
    const wait = said.kind === 'refused' ? said.retryAfterSeconds : null;
    expect(Math.abs((wait ?? 0) - seconds)).toBeLessThanOrEqual(1);
  });

  it('names the field that is wrong', async () => {
    expect(await speaker.submit(speaker.input({ width: 1_000 }))).toMatchObject({
      kind: 'refused',
      vendorMessage: expect.stringMatching(/^width: /),
    });
  });

  it.each([500, 502, 503, 404, 408, 409])('%i proves nothing', async (status) => {
    speaker.control({ refuse: { status } });
    expect(await speaker.submit(speaker.input())).toMatchObject({ kind: 'unreadable' });
  });
});

lostAnswersProveNothing(() => speaker);

describe('a webhook', () => {
  let receiver: WebhookReceiver;
  const secret = 'what-was-sent-with-the-submit';
  beforeAll(async () => {
    receiver = await startWebhookReceiver();
  });
  afterAll(() => receiver.stop());

  it('is signed with what was sent, and then there is no address to ask at', async () => {
    const input = speaker.input({ webhookUrl: `${receiver.url}/hook/1`, webhookSecret: secret });
    const said = await speaker.submit(input);
    expect(said).toMatchObject({ kind: 'accepted' });
    expect(said).not.toHaveProperty('jobUrl');
    const jobId = said.kind === 'accepted' ? said.jobId : '';
    await receiver.received(1);
    const [delivery] = receiver.deliveries;
    if (!delivery) throw new Error('none');
    expect(bflAdapter.verifyWebhook(delivery, [secret], Date.now())).toMatchObject({
      kind: 'verified',
      jobId,
      notificationId: `${jobId}:Ready`,
      state: { kind: 'produced' },
    });
    expect(bflAdapter.verifyWebhook(delivery, ['older', secret], Date.now())).toMatchObject({
      kind: 'verified',
    });
    expect(bflAdapter.verifyWebhook(delivery, ['another'], Date.now())).toMatchObject({
      reason: 'signature_mismatch',
    });
    expect(bflAdapter.verifyWebhook({ ...delivery, headers: {} }, [secret], Date.now())).toMatchObject({
      reason: 'headers_missing',
    });
    const changed = Buffer.from(delivery.rawBody.toString().replace('Ready', 'Error'));
    expect(bflAdapter.verifyWebhook({ ...delivery, rawBody: changed }, [secret], Date.now())).toMatchObject({
      reason: 'signature_mismatch',
    });
    expect(await speaker.end(jobId)).toMatchObject({ state: { kind: 'produced' } });
  });
});
