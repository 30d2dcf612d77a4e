import { openaiProtocol, startDouble, type VendorDouble } from '@darkroom/vendor-doubles';
import OpenAI from 'openai';
import { lostAnswersProveNothing, nothingCanBeAsked } from '../testing/lost-answers.js';
import { Speaker } from '../testing/speak.js';
import { openaiAdapter } from './adapter.js';

const model = 'gpt-image-1';
let double: VendorDouble;
let speaker: Speaker;

beforeAll(async () => {
  double = await startDouble(openaiProtocol());
  speaker = new Speaker(openaiAdapter, double, model, '/v1', [1536, 1024]);
});
afterAll(() => double.stop());
beforeEach(() => speaker.control({ job: { seconds: 0.05 } }));

it.each(['png', 'jpeg', 'webp'] as const)('answers with the pictures as %s', async (format) => {
  const answer = await speaker.submit(speaker.input({ count: 2, format }));
  if (answer.kind !== 'ended' || answer.state.kind !== 'produced') throw new Error(JSON.stringify(answer));
  expect(answer).toMatchObject({
    jobId: null,
    state: {
      dropped: 0,
      // Two pictures of 272 tokens at 40, and nine tokens of text at 5.
      cost: { micros: '21805', currency: 'USD' },
      outputs: [
        { index: 0, mediaType: `image/${format}` },
        { index: 1, mediaType: `image/${format}` },
      ],
    },
  });
  expect(double.book.bill.at(-1)).toMatchObject({ order: { width: 1536, height: 1024, count: 2, format } });
});

it('tells a picture that is missing, or is none, as dropped', async () => {
  speaker.control({ job: { seconds: 0, end: 'nothing' } });
  expect(await speaker.submit(speaker.input())).toMatchObject({ state: { outputs: [], dropped: 0 } });
  const broken = Buffer.from(JSON.stringify({ data: [{ b64_json: '%%%' }, { revised_prompt: 'x' }] }));
  expect(openaiAdapter.readSubmit(model, { status: 200, headers: {}, body: broken }, 0)).toMatchObject({
    state: { outputs: [], dropped: 2 },
  });
});

it('reads the pictures whatever else stands beside them', async () => {
  speaker.control({ job: { seconds: 0 }, answers: { oddTypes: true } });
  expect(await speaker.submit(speaker.input())).toMatchObject({
    state: { outputs: [{ index: 0, mediaType: '' }], dropped: 0 },
  });
  const odd = Buffer.from(JSON.stringify({ data: [{ b64_json: null }, 7, { b64_json: 'AAAA' }] }));
  expect(openaiAdapter.readSubmit(model, { status: 200, headers: {}, body: odd }, 0)).toMatchObject({
    state: { outputs: [{ index: 0 }], dropped: 2 },
  });
});

it('believes no webhook', () => {
  expect(openaiAdapter.verifyWebhook({ headers: {}, rawBody: Buffer.from('{}') }, ['x'], 0)).toMatchObject({
    kind: 'refused',
  });
});

lostAnswersProveNothing(() => speaker);
nothingCanBeAsked(() => speaker);

describe('a refusal', () => {
  it.each([
    [400, 'moderation', 'FAILURE_CLASS_CONTENT_REJECTED'],
    [400, 'billing', 'FAILURE_CLASS_INSUFFICIENT_CREDIT'],
    [400, 'safety system', 'FAILURE_CLASS_CONTENT_REJECTED'],
    [400, undefined, 'FAILURE_CLASS_INVALID_REQUEST'],
    [401, undefined, 'FAILURE_CLASS_UNAUTHORIZED'],
    [403, undefined, 'FAILURE_CLASS_UNAUTHORIZED'],
    [404, undefined, 'FAILURE_CLASS_INVALID_REQUEST'],
    [429, 'quota', 'FAILURE_CLASS_INSUFFICIENT_CREDIT'],
    [429, undefined, 'FAILURE_CLASS_RATE_LIMITED'],
  ])('%i %s is one, and costs nothing', async (status, reason, failureClass) => {
    speaker.control({ refuse: { status, ...(reason === undefined ? {} : { reason }) } });
    const bill = await speaker.billed(async () =>
      expect(await speaker.submit(speaker.input())).toMatchObject({ kind: 'refused', failureClass }),
    );
    expect(bill).toBe(0);
  });

  it.each([500, 502, 503, 504, 520, 408, 409])('%i proves nothing', async (status) => {
    speaker.control({ refuse: { status } });
    expect(await speaker.submit(speaker.input())).toMatchObject({ kind: 'unreadable' });
  });

  it.each([
    [{ 'retry-after': '7' }, 7],
    [{ 'retry-after-ms': '2500' }, 3],
    [{ 'retry-after-ms': '1234.5678901' }, 2],
    [{ 'retry-after-ms': 'soon', 'retry-after': '7' }, 7],
    [{ 'retry-after': 'soon', 'x-ratelimit-reset-requests': '6m0s' }, 300],
    [{ 'x-ratelimit-reset-requests': '1m30s' }, 90],
    [{ 'x-ratelimit-reset-requests': '20ms' }, 1],
    [{ 'x-ratelimit-reset-requests': 'soon' }, null],
    [{}, null],
  ])('429 with %j', (headers, retryAfterSeconds) => {
    const body = Buffer.from(
      JSON.stringify({ error: { message: 'slow down', type: 'requests', code: 'rate_limit_exceeded' } }),
    );
    expect(openaiAdapter.readSubmit(model, { status: 429, headers, body }, Date.now())).toMatchObject({
      kind: 'refused',
      retryAfterSeconds,
    });
  });
});

describe("the vendor's own client reads the double", () => {
  const client = (): OpenAI => new OpenAI({ apiKey: 'key', baseURL: `${double.url}/v1`, maxRetries: 0 });

  it('generates pictures, with what they used', async () => {
    const answer = await client().images.generate({ model, prompt: 'a boat', n: 2, size: '1024x1024' });
    expect(answer).toMatchObject({
      data: [{ b64_json: expect.stringMatching(/^iVBOR/) }, { b64_json: expect.any(String) }],
      usage: { output_tokens: expect.any(Number) },
    });
    expect(answer._request_id).toMatch(/^req_/);
  });

  it('understands its refusals', async () => {
    speaker.control({ refuse: { status: 400, reason: 'moderation' } });
    await expect(client().images.generate({ model, prompt: 'a boat' })).rejects.toMatchObject({
      status: 400,
      code: 'moderation_blocked',
      type: 'image_generation_user_error',
    });
  });

  it('submits again by itself when the answer is lost, which is why Darkroom does not submit through it', async () => {
    speaker.control({ submit: { mishap: 'accept-then-drop' }, job: { seconds: 0 } });
    const taken = await speaker.billed(async () =>
      new OpenAI({ apiKey: 'key', baseURL: `${double.url}/v1` }).images
        .generate({ model, prompt: 'a boat' })
        .catch(() => undefined),
    );
    expect(taken).toBeGreaterThan(1);
  });
});
