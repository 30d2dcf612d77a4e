import { startDouble, stabilityProtocol, type VendorDouble } from '@darkroom/vendor-doubles';
import type { SubmitInput, VendorRequest } from '../provider-adapter.js';
import { lostAnswersProveNothing, nothingCanBeAsked } from '../testing/lost-answers.js';
import { Speaker } from '../testing/speak.js';
import { stabilityAdapter } from './adapter.js';

const model = 'core';
let double: VendorDouble;
let speaker: Speaker;

beforeAll(async () => {
  double = await startDouble(stabilityProtocol());
  speaker = new Speaker(stabilityAdapter, double, model, '', [1344, 768]);
});
afterAll(() => double.stop());
beforeEach(() => speaker.control({ job: { seconds: 0 } }));

/** What it came to at the vendor, of which it must have made one job. */
async function ordered(input: SubmitInput): Promise<unknown> {
  expect(await speaker.billed(async () => speaker.submit(input))).toBe(1);
  return double.book.bill.at(-1);
}

it.each([
  ['core', 'png', {}],
  ['ultra', 'jpeg', {}],
  ['sd3.5-large', 'webp', { model: 'sd3.5-large', mode: 'text-to-image' }],
] as const)('%s answers with the picture as %s', async (asked, format, more) => {
  const answer = await speaker.submit(speaker.input({ model: asked, seed: 77, format }));
  expect(answer).toEqual({
    kind: 'ended',
    jobId: null,
    // What it bills is in its price list alone.
    state: {
      kind: 'produced',
      dropped: 0,
      outputs: [
        {
          index: 0,
          mediaType: `image/${format}`,
          source: { kind: 'inline', bytes: expect.any(Uint8Array) },
          sha256: '',
          bytes: 0,
        },
      ],
    },
  });
  expect(double.book.bill.at(-1)).toMatchObject({
    model: asked,
    asked: { aspect_ratio: '16:9', ...more },
    order: { width: 1344, height: 768, count: 1, seed: 77, format },
  });
});

it.each(stabilityAdapter.models[model]?.limits.sizes ?? [])('draws %s as it is asked for', async (size) => {
  const [width = 0, height = 0] = size.split('x').map(Number);
  expect(await ordered(speaker.input({ width, height }))).toMatchObject({ order: { width, height } });
});

it('asks for no size that is not on its sheet', () => {
  expect(() => stabilityAdapter.submit(speaker.input({ width: 512, height: 512 }))).toThrow(
    'core makes no 512x512',
  );
});

it.each([
  [0, 1],
  [1, 1],
  [4_294_967_294, 4_294_967_294],
  [4_294_967_295, 4_294_967_294],
])('asks with a seed of its own for %i: %i', async (seed, sent) => {
  expect(await ordered(speaker.input({ seed }))).toMatchObject({ asked: { seed: sent } });
});

it('takes any prompt for text, also one that looks like a part of the form', async () => {
  const input = speaker.input();
  const boundary = (request: VendorRequest): string => request.headers['content-type']?.split('=')[1] ?? '?';
  const known = boundary(stabilityAdapter.submit(input));
  const prompt = `a "boat" 🚤\r\n--${known}\r\ncontent-disposition: form-data; name="seed"\r\n\r\n7\r\n--${known}--\r\n`;
  expect(await ordered({ ...input, prompt })).toMatchObject({ order: { prompt, seed: input.seed } });
  // Each attempt parts its form in a way of its own.
  expect(boundary(stabilityAdapter.submit(speaker.input({ seed: input.seed })))).not.toBe(known);
});

it.each([{ extraFields: true }, { oddTypes: true }])('%j change nothing', async (answers) => {
  speaker.control({ job: { seconds: 0 }, answers });
  expect(await speaker.submit(speaker.input())).toMatchObject({
    state: { kind: 'produced', dropped: 0, outputs: [{ mediaType: 'image/png' }] },
  });
});

it('reads the picture also where nobody says of which kind it is', async () => {
  speaker.control({ job: { seconds: 0 }, answers: { withoutOptional: true } });
  expect(await speaker.submit(speaker.input())).toMatchObject({
    state: { kind: 'produced', dropped: 0, outputs: [{ mediaType: '' }] },
  });
});

it('is not misled by a blurred picture: it was filtered, and may be billed', async () => {
  speaker.control({ job: { seconds: 0, end: 'moderated' } });
  const bill = await speaker.billed(async () =>
    expect(await speaker.submit(speaker.input())).toEqual({
      kind: 'ended',
      jobId: null,
      state: {
        kind: 'failed',
        end: 'ATTEMPT_END_MODERATED',
        failureClass: 'FAILURE_CLASS_CONTENT_REJECTED',
        vendorCode: 'CONTENT_FILTERED',
        vendorMessage: '',
      },
    }),
  );
  expect(bill).toBe(1);
  expect(stabilityAdapter.models[model]).toMatchObject({ failedRunsCharged: true });
});

it('tells a success without its picture as such', async () => {
  speaker.control({ job: { seconds: 0, end: 'nothing' } });
  expect(await speaker.submit(speaker.input())).toMatchObject({
    state: { kind: 'produced', outputs: [], dropped: 1 },
  });
});

it('takes a reason that nobody knows, or none, for no success and for no failure', async () => {
  speaker.control({ job: { seconds: 0, end: 'failed', error: 'SOMETHING_NEW' } });
  expect(await speaker.submit(speaker.input())).toMatchObject({ kind: 'unreadable' });
  for (const body of ['{"image":"AAAA"}', '{"image":"AAAA","finish_reason":null}', '{"id":"0a1b"}'])
    expect(
      stabilityAdapter.readSubmit(model, { status: 200, headers: {}, body: Buffer.from(body) }, 0),
    ).toMatchObject({ kind: 'unreadable' });
});

describe('a refusal', () => {
  it.each([
    [400, undefined, 'FAILURE_CLASS_INVALID_REQUEST', 'bad_request'],
    [401, undefined, 'FAILURE_CLASS_UNAUTHORIZED', 'unauthorized'],
    [402, undefined, 'FAILURE_CLASS_INSUFFICIENT_CREDIT', 'payment_required'],
    [403, 'moderation', 'FAILURE_CLASS_CONTENT_REJECTED', 'content_moderation'],
    [403, undefined, 'FAILURE_CLASS_UNAUTHORIZED', 'forbidden'],
    [404, undefined, 'FAILURE_CLASS_INVALID_REQUEST', 'not_found'],
    [413, undefined, 'FAILURE_CLASS_INVALID_REQUEST', 'payload_too_large'],
    [422, undefined, 'FAILURE_CLASS_INVALID_REQUEST', 'invalid_language'],
    [429, undefined, 'FAILURE_CLASS_RATE_LIMITED', 'rate_limit_exceeded'],
  ])('%i %s is one, and costs nothing', async (status, reason, failureClass, vendorCode) => {
    speaker.control({ refuse: { status, ...(reason === undefined ? {} : { reason }) } });
    const bill = await speaker.billed(async () =>
      expect(await speaker.submit(speaker.input())).toMatchObject({
        kind: 'refused',
        failureClass,
        vendorCode,
        vendorMessage: expect.stringMatching(/\w/),
        retryAfterSeconds: status === 429 ? 60 : null,
      }),
    );
    expect(bill).toBe(0);
  });

  it.each([500, 502, 503, 504, 408, 409])('%i proves nothing', async (status) => {
    speaker.control({ refuse: { status } });
    expect(await speaker.submit(speaker.input())).toMatchObject({ kind: 'unreadable' });
  });

  it('of something before the vendor proves nothing', () => {
    for (const body of [
      '<h1>Forbidden</h1>',
      '{"message":"Forbidden"}',
      '{"name":"","errors":[]}',
      '{"name":"x"}',
    ])
      expect(
        stabilityAdapter.readSubmit(model, { status: 403, headers: {}, body: Buffer.from(body) }, 0),
      ).toMatchObject({ kind: 'unreadable' });
  });

  it('is told apart by its name before its status', () => {
    const body = Buffer.from(JSON.stringify({ id: 7, name: 'content_moderation', errors: [7, 'flagged'] }));
    expect(stabilityAdapter.readSubmit(model, { status: 400, headers: {}, body }, 0)).toMatchObject({
      kind: 'refused',
      failureClass: 'FAILURE_CLASS_CONTENT_REJECTED',
      vendorMessage: 'flagged',
    });
  });

  it.each([
    ['7', 7],
    [new Date(Date.now() + 3_600_000).toUTCString(), 300],
    ['soon', 60],
  ])('for asking too often, with Retry-After %s', async (retryAfter, retryAfterSeconds) => {
    speaker.control({ refuse: { status: 429, retryAfter } });
    expect(await speaker.submit(speaker.input())).toMatchObject({ kind: 'refused', retryAfterSeconds });
  });

  it('of JSON instead of a form is what would come', async () => {
    const request = stabilityAdapter.submit(speaker.input());
    const headers = { ...request.headers, 'content-type': 'application/json' };
    const answer = await speaker.send({ ...request, headers, body: '{"prompt":"a boat"}' });
    expect(stabilityAdapter.readSubmit(model, answer, 0)).toMatchObject({
      kind: 'refused',
      vendorMessage: 'content-type: must be multipart/form-data',
    });
  });
});

lostAnswersProveNothing(() => speaker);
nothingCanBeAsked(() => speaker);
