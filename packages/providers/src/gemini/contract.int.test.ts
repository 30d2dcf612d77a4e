import { geminiProtocol, startDouble, type VendorDouble } from '@darkroom/vendor-doubles';
import { printedBy } from '../testing/own-process.js';
import { lostAnswersProveNothing, nothingCanBeAsked } from '../testing/lost-answers.js';
import { Speaker } from '../testing/speak.js';
import { geminiAdapter } from './adapter.js';

const model = 'gemini-2.5-flash-image';
let double: VendorDouble;
let speaker: Speaker;

beforeAll(async () => {
  double = await startDouble(geminiProtocol());
  speaker = new Speaker(geminiAdapter, double, model, '/v1beta', [1344, 768]);
});
afterAll(() => double.stop());
beforeEach(() => speaker.control({ job: { seconds: 0.05 } }));

it('answers with the picture, without its drafts, and with what it billed', async () => {
  const answer = await speaker.submit(speaker.input({ seed: 77 }));
  expect(answer).toMatchObject({
    kind: 'ended',
    jobId: null,
    state: {
      kind: 'produced',
      dropped: 0,
      outputs: [{ index: 0, mediaType: 'image/png', source: { kind: 'inline' } }],
      cost: { micros: '38703', currency: 'USD' },
    },
  });
  if (answer.kind !== 'ended' || answer.state.kind !== 'produced') throw new Error('no picture');
  expect(answer.state.outputs).toHaveLength(1);
  expect(double.book.bill.at(-1)).toMatchObject({ order: { width: 1344, height: 768, seed: 77 } });
});

it.each([{ extraFields: true }, { oddTypes: true }, { withoutOptional: true }])(
  '%j change nothing',
  async (answers) => {
    speaker.control({ job: { seconds: 0 }, answers });
    expect(await speaker.submit(speaker.input())).toMatchObject({ state: { kind: 'produced', dropped: 0 } });
  },
);

describe('a success without a picture', () => {
  const rejected = { end: 'ATTEMPT_END_MODERATED', failureClass: 'FAILURE_CLASS_CONTENT_REJECTED' };
  const failed = { end: 'ATTEMPT_END_VENDOR_FAILED', failureClass: 'FAILURE_CLASS_VENDOR_FAULT' };

  it.each([
    ['moderated', 'block SAFETY', { ...rejected, vendorCode: 'SAFETY' }],
    ['moderated', 'block OTHER', { ...rejected, vendorCode: 'OTHER' }],
    ['moderated', undefined, { ...rejected, vendorCode: 'IMAGE_SAFETY' }],
    ['moderated', 'RECITATION', rejected],
    ['failed', 'NO_IMAGE', { ...failed, vendorCode: 'NO_IMAGE' }],
    ['failed', 'SOMETHING_NEW', failed],
    ['nothing', undefined, { ...failed, vendorCode: 'STOP' }],
    ['failed', 'MAX_TOKENS', { failureClass: 'FAILURE_CLASS_INVALID_REQUEST' }],
  ] as const)('%s, %s: says why', async (end, error, state) => {
    speaker.control({ job: { seconds: 0, end, ...(error === undefined ? {} : { error }) } });
    expect(await speaker.submit(speaker.input())).toMatchObject({
      kind: 'ended',
      state: { kind: 'failed', ...state },
    });
  });

  it('that says nothing at all proves nothing', () => {
    for (const body of ['{}', '{"candidates":7}', '{"responseId":"x"}', '[]'])
      expect(
        geminiAdapter.readSubmit(model, { status: 200, headers: {}, body: Buffer.from(body) }, 0),
      ).toMatchObject({
        kind: 'unreadable',
      });
  });
});

describe('a refusal', () => {
  it.each([
    [400, undefined, 'FAILURE_CLASS_INVALID_REQUEST', null],
    [400, 'key', 'FAILURE_CLASS_UNAUTHORIZED', null],
    [400, 'region', 'FAILURE_CLASS_UNAUTHORIZED', null],
    [402, undefined, 'FAILURE_CLASS_INSUFFICIENT_CREDIT', null],
    [403, undefined, 'FAILURE_CLASS_UNAUTHORIZED', null],
    [404, undefined, 'FAILURE_CLASS_INVALID_REQUEST', null],
    [429, undefined, 'FAILURE_CLASS_RATE_LIMITED', 34],
  ] as const)('%i %s: nothing was drawn', async (status, reason, failureClass, retryAfterSeconds) => {
    speaker.control({ refuse: { status, ...(reason === undefined ? {} : { reason }) } });
    const bill = await speaker.billed(async () => {
      expect(await speaker.submit(speaker.input())).toMatchObject({
        kind: 'refused',
        failureClass,
        retryAfterSeconds,
      });
    });
    expect(bill).toBe(0);
  });

  it.each([
    ['3', 3],
    ['in a little while', 34],
  ])('obeys a header before the detail, where it makes sense: %s', async (retryAfter, retryAfterSeconds) => {
    speaker.control({ refuse: { status: 429, retryAfter } });
    expect(await speaker.submit(speaker.input())).toMatchObject({ retryAfterSeconds });
  });

  it.each([500, 502, 503, 504, 499])('%i proves nothing', async (status) => {
    speaker.control({ refuse: { status } });
    expect(await speaker.submit(speaker.input())).toMatchObject({ kind: 'unreadable' });
  });
});

lostAnswersProveNothing(() => speaker);
nothingCanBeAsked(() => speaker);

it('says its key in a header, and never in the address', () => {
  expect(double.calls.every(({ query }) => query.size === 0)).toBe(true);
});

describe("the vendor's own client reads the double", () => {
  /** What it makes of an answer, or of a refusal. */
  const said = (expression: string): Promise<string> =>
    printedBy(`
      import { GoogleGenAI } from '@google/genai';
      const client = new GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: '${double.url}' } });
      const said = await client.models
        .generateContent({ model: '${model}', contents: 'a boat' })
        .catch((error) => ({ status: error.status }));
      process.stdout.write(String(${expression}));`);

  it('asks, and reads the picture', async () => {
    const picture =
      'said.candidates[0].content.parts.findLast(({ inlineData }) => inlineData).inlineData.data';
    expect(await said(`Buffer.from(${picture}, 'base64').toString('latin1', 1, 4)`)).toBe('PNG');
    expect(await said('said.usageMetadata.candidatesTokenCount')).toBe('1290');
  });

  it('understands that nothing was drawn, and its refusals', async () => {
    speaker.control({ job: { seconds: 0, end: 'moderated', error: 'block SAFETY' } });
    expect(await said('said.promptFeedback.blockReason')).toBe('SAFETY');
    speaker.control({ refuse: { status: 429 } });
    expect(await said('said.status')).toBe('429');
  });
});
