import { a1111Protocol, startDouble, type VendorDouble } from '@darkroom/vendor-doubles';
import type { SubmitAnswer } from '../provider-adapter.js';
import { lostAnswersProveNothing, nothingCanBeAsked } from '../testing/lost-answers.js';
import { type NoAnswer, Speaker } from '../testing/speak.js';
import { a1111Adapter } from './adapter.js';

const model = 'sdxl-base';
const running: VendorDouble[] = [];
let double: VendorDouble;
let speaker: Speaker;

async function serverWith(options: Parameters<typeof a1111Protocol>[0]): Promise<Speaker> {
  const started = await startDouble(a1111Protocol(options));
  running.push(started);
  started.control({ job: { seconds: 0 } });
  return new Speaker(a1111Adapter, started, model, '', [512, 768]);
}

beforeAll(async () => {
  speaker = await serverWith({});
  ({ double } = speaker);
});
afterAll(async () => Promise.all(running.map(async (one) => one.stop())));
beforeEach(() => speaker.control({ job: { seconds: 0 } }));

/** The pictures of an answer, as base64. */
function pictures(answer: SubmitAnswer | NoAnswer): string[] {
  if (answer.kind !== 'ended' || answer.state.kind !== 'produced') throw new Error(JSON.stringify(answer));
  return answer.state.outputs.map(({ source }) =>
    source.kind === 'inline' ? Buffer.from(source.bytes).toString('base64') : '',
  );
}

it.each([
  ['sdxl-base', 'sd_xl_base_1.0'],
  ['sd-1.5', 'v1-5-pruned-emaonly'],
])('%s draws what is asked for, all at once, and keeps nothing', async (asked, checkpoint) => {
  const input = speaker.input({ model: asked, count: 2, seed: 77, prompt: 'a "boat"' });
  const answer = await speaker.submit(input);
  expect(answer).toMatchObject({
    kind: 'ended',
    jobId: null,
    state: {
      kind: 'produced',
      dropped: 0,
      outputs: [
        { index: 0, mediaType: '', source: { kind: 'inline' } },
        { index: 1, mediaType: '' },
      ],
    },
  });
  expect(new Set(pictures(answer)).size).toBe(2);
  expect(double.book.bill.at(-1)).toMatchObject({
    model: checkpoint,
    asked: { save_images: false, force_task_id: input.reference },
    order: { prompt: 'a "boat"', width: 512, height: 768, count: 2, seed: 77, format: 'png' },
  });
});

describe('a server that sends a grid before several pictures', () => {
  it.each([{}, { withoutOptional: true }, { oddTypes: true }])('%j: it is none of them', async (answers) => {
    const withGrid = await serverWith({ returnsGrid: true });
    withGrid.control({ job: { seconds: 0 }, answers });
    const input = speaker.input({ count: 3 });
    const found = pictures(await withGrid.submit(input));
    expect(found).toHaveLength(3);
    expect(found).toEqual(pictures(await speaker.submit(input)));
    // There is none of one alone.
    expect(pictures(await withGrid.submit(speaker.input()))).toHaveLength(1);
  });
});

it('takes what stands behind the pictures for none of them', () => {
  const body = { images: ['AAAA', 'BBBB', 'CCCC'], info: '{"all_seeds":[7,8],"index_of_first_image":0}' };
  const answer = { status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) };
  expect(pictures(a1111Adapter.readSubmit(model, answer, 0))).toEqual(['AAAA', 'BBBB']);
});

it('does not pass off pictures of another checkpoint, which a server without this one draws', async () => {
  const poor = await serverWith({ checkpoints: ['dreamshaper_8.safetensors'] });
  expect(await poor.submit(poor.input())).toEqual({
    kind: 'ended',
    jobId: null,
    state: {
      kind: 'failed',
      end: 'ATTEMPT_END_VENDOR_FAILED',
      failureClass: 'FAILURE_CLASS_INVALID_REQUEST',
      vendorCode: 'another_checkpoint',
      vendorMessage: 'it was drawn with dreamshaper_8',
    },
  });
});

it.each([{ extraFields: true }, { oddTypes: true }, { withoutOptional: true }])(
  '%j change nothing',
  async (answers) => {
    speaker.control({ job: { seconds: 0 }, answers });
    expect(pictures(await speaker.submit(speaker.input({ count: 2 })))).toHaveLength(2);
  },
);

it('says that there are no pictures, and which are none', async () => {
  speaker.control({ job: { seconds: 0, end: 'nothing' } });
  expect(await speaker.submit(speaker.input())).toMatchObject({ state: { kind: 'produced', outputs: [] } });
  const body = Buffer.from(JSON.stringify({ images: [7, '%%%', 'AAAA'], info: '{"all_seeds":[1,2,3]}' }));
  expect(a1111Adapter.readSubmit(model, { status: 200, headers: {}, body }, 0)).toMatchObject({
    state: {
      kind: 'produced',
      outputs: [{ index: 0, source: { bytes: Buffer.from('AAAA', 'base64') } }],
      dropped: 2,
    },
  });
});

it('proves nothing where nobody says what was drawn', () => {
  for (const info of ['', 'null', '{}', '{"all_seeds":[]}', '{"all_seeds":7}', '{"all_seeds":[1]'])
    expect(
      a1111Adapter.readSubmit(
        model,
        { status: 200, headers: {}, body: Buffer.from(JSON.stringify({ images: ['AAAA'], info })) },
        0,
      ),
    ).toMatchObject({ kind: 'unreadable' });
});

it.each([
  [undefined, 'FAILURE_CLASS_VENDOR_FAULT', 'RuntimeError', 'the sampler raised'],
  ['memory', 'FAILURE_CLASS_OVERLOADED', 'OutOfMemoryError', 'CUDA out of memory'],
])('a run that raised has ended without pictures: %s', async (error, failureClass, vendorCode, message) => {
  speaker.control({ job: { seconds: 0, end: 'failed', ...(error === undefined ? {} : { error }) } });
  expect(await speaker.submit(speaker.input())).toMatchObject({
    kind: 'ended',
    state: {
      kind: 'failed',
      end: 'ATTEMPT_END_VENDOR_FAILED',
      failureClass,
      vendorCode,
      vendorMessage: expect.stringContaining(message),
    },
  });
  expect(a1111Adapter.models[model]).toMatchObject({
    failedRunsCharged: false,
    price: { microsPerImage: 0 },
  });
});

describe('a refusal', () => {
  it.each([
    [401, undefined, 'FAILURE_CLASS_UNAUTHORIZED', 'Incorrect username or password'],
    [404, undefined, 'FAILURE_CLASS_INVALID_REQUEST', 'Sampler not found'],
    [404, 'route', 'FAILURE_CLASS_INVALID_REQUEST', 'Not Found'],
    [422, undefined, 'FAILURE_CLASS_INVALID_REQUEST', 'body.steps: value is not a valid integer'],
  ])('%i %s is one, and nothing is drawn', async (status, reason, failureClass, vendorMessage) => {
    speaker.control({ refuse: { status, ...(reason === undefined ? {} : { reason }) } });
    const bill = await speaker.billed(async () =>
      expect(await speaker.submit(speaker.input())).toMatchObject({
        kind: 'refused',
        failureClass,
        vendorMessage,
        retryAfterSeconds: null,
      }),
    );
    expect(bill).toBe(0);
  });

  it('of what it cannot read names the field', async () => {
    const request = a1111Adapter.submit(speaker.input());
    const answer = await speaker.send({
      ...request,
      body: request.body?.replace('"steps":20', '"steps":"x"') ?? '',
    });
    expect(a1111Adapter.readSubmit(model, answer, 0)).toMatchObject({
      kind: 'refused',
      vendorMessage: expect.stringContaining('body.steps: '),
    });
  });

  // It limits nobody: who does is something before it, and may have passed the request on.
  it.each([
    [429, '7'],
    [429, new Date(0).toUTCString()],
    [429, undefined],
    [403, undefined],
    [408, undefined],
    [502, undefined],
    [503, undefined],
    [504, undefined],
  ])('%i with Retry-After %s proves nothing', async (status, retryAfter) => {
    speaker.control({ refuse: { status, ...(retryAfter === undefined ? {} : { retryAfter }) } });
    expect(await speaker.submit(speaker.input())).toMatchObject({ kind: 'unreadable' });
  });

  it.each([
    [403, '{"detail":"Forbidden"}'],
    [429, '{"detail":"Too Many Requests"}'],
    [503, '{"detail":"Unavailable"}'],
    [500, '{"detail":"Internal Server Error"}'],
    [500, 'Internal Server Error'],
    [502, '{"error":"RuntimeError","errors":"x"}'],
    [404, '{"error":"x","errors":"y"}'],
  ])('%i %s is none, and no end either', (status, body) => {
    expect(a1111Adapter.readSubmit(model, { status, headers: {}, body: Buffer.from(body) }, 0)).toMatchObject(
      { kind: 'unreadable' },
    );
  });
});

it('lets in who has its password, and says none where there is none', async () => {
  const locked = await serverWith({ auth: 'me:pass:wörd' });
  expect(await locked.submit(locked.input(), 'me:pass:wörd')).toMatchObject({ state: { kind: 'produced' } });
  for (const credential of ['me:wrong', ''])
    expect(await locked.submit(locked.input(), credential)).toMatchObject({
      kind: 'refused',
      failureClass: 'FAILURE_CLASS_UNAUTHORIZED',
    });
  await speaker.submit(speaker.input(), '');
  expect(double.calls.at(-1)?.headers).not.toHaveProperty('authorization');
});

lostAnswersProveNothing(() => speaker);
nothingCanBeAsked(() => speaker);

it('is not sent again, as the same name runs again', async () => {
  const input = speaker.input();
  expect(await speaker.billed(async () => [await speaker.submit(input), await speaker.submit(input)])).toBe(
    2,
  );
  expect(a1111Adapter.models[model]).toMatchObject({ submit: 'blind', cancel: 'never' });
});
