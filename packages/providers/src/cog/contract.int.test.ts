import {
  cogProtocol,
  type CogServer,
  startCogServer,
  startDouble,
  type VendorDouble,
} from '@darkroom/vendor-doubles';
import { answered } from '../testing/answered.js';
import { startWebhookReceiver, type WebhookReceiver } from '../testing/webhook-receiver.js';
import type {
  SubmitAnswer,
  SubmitInput,
  VendorAnswer,
  VendorRequest,
  WebhookNews,
} from '../provider-adapter.js';
import { cogAdapter } from './adapter.js';

const model = 'text-to-image';
const token = 'a-token-of-the-server';
const runSeconds = 0.4;

let receiver: WebhookReceiver;
let double: VendorDouble;
let server: CogServer;
let references = 0;

beforeAll(async () => {
  receiver = await startWebhookReceiver();
  double = await startDouble(cogProtocol({ webhookToken: token }));
  server = await startCogServer(token, runSeconds);
});
afterAll(async () => {
  await server.stop();
  await double.stop();
  await receiver.stop();
});
beforeEach(() => double.control({ job: { seconds: runSeconds }, limit: { concurrent: 2 } }));

const input = (change: Partial<SubmitInput> = {}): SubmitInput => {
  references += 1;
  return {
    model,
    prompt: 'a boat',
    width: 512,
    height: 256,
    count: 2,
    seed: 1_000 + references,
    format: 'png',
    reference: `contract-${references}`,
    webhookUrl: `${receiver.url}/${references}`,
    deadlineSeconds: 600,
    ...change,
  };
};

async function send(url: string, request: VendorRequest | undefined): Promise<VendorAnswer> {
  if (!request) throw new Error('nothing to send');
  const answer = await fetch(url + request.path, {
    method: request.method,
    headers: { ...request.headers, ...cogAdapter.authorize('') },
    ...(request.body === undefined ? {} : { body: request.body }),
  });
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: new Uint8Array(await answer.arrayBuffer()),
  };
}

/** The news of a run that came by webhook, and was borne by the server's token; the nth of its id. */
async function told(jobId: string, nth = 1): Promise<WebhookNews> {
  return until(`webhook ${nth} of ${jobId}`, () => {
    const news = receiver.deliveries
      .map((delivery) => cogAdapter.verifyWebhook(delivery, [token], Date.now()))
      .filter((verdict) => verdict.kind === 'verified')
      .filter((verdict) => verdict.jobId === jobId);
    return news[nth - 1];
  });
}

async function until<T>(what: string, look: () => T | undefined): Promise<T> {
  for (const end = Date.now() + 10_000; Date.now() < end;) {
    const seen = look();
    if (seen !== undefined) return seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`not in 10 s: ${what}`);
}

describe.each([
  [
    'its double',
    () => ({ url: double.url, bill: () => double.book.bill.map(({ order }) => String(order.seed)) }),
  ],
  ['the server itself', () => ({ url: server.url, bill: () => server.bill })],
] as const)('cog, %s,', (_which, vendor) => {
  const submit = async (what: SubmitInput): Promise<SubmitAnswer> =>
    cogAdapter.readSubmit(model, await send(vendor().url, cogAdapter.submit(what)), Date.now());
  const cancel = async (jobId: string) =>
    cogAdapter.readCancel(
      await send(vendor().url, cogAdapter.cancel(model, jobId)),
      { model, jobId },
      Date.now(),
    );
  const runs = (seed: number): number =>
    vendor()
      .bill()
      .filter((line) => line === String(seed)).length;

  it('runs once under our id, and tells of the pictures by webhook', async () => {
    const what = input();
    expect(await submit(what)).toEqual({ kind: 'accepted', jobId: what.reference, queuePosition: null });
    const { state } = await told(what.reference);
    if (state.kind !== 'produced') throw new Error(state.kind);
    expect(state).toMatchObject({
      dropped: 0,
      outputs: [{ index: 0, mediaType: 'image/png' }, { index: 1 }],
    });
    for (const { source } of state.outputs) {
      const bytes = source.kind === 'inline' ? Buffer.from(source.bytes) : Buffer.alloc(0);
      // Width and height of a PNG stand behind its first chunk's name.
      expect([bytes.toString('latin1', 1, 4), bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([
        'PNG',
        512,
        256,
      ]);
    }
    expect(runs(what.seed)).toBe(1);
  });

  it('takes the same id for the same run while it runs, and for another one afterwards', async () => {
    const what = input();
    await submit(what);
    expect(await submit(what)).toMatchObject({ kind: 'accepted', jobId: what.reference });
    await told(what.reference);
    expect(runs(what.seed)).toBe(1);
    // Why nothing is ever sent to it a second time.
    expect(await submit(what)).toMatchObject({ kind: 'accepted' });
    expect(cogAdapter.models[model]).toMatchObject({ submit: 'keyed-replay', keyScope: 'in-flight' });
    await told(what.reference, 2);
    expect(runs(what.seed)).toBe(2);
  });

  it('refuses what the predictor does not take, before it runs', async () => {
    const what = input({ width: 32 });
    expect(await submit(what)).toMatchObject({
      kind: 'refused',
      failureClass: 'FAILURE_CLASS_INVALID_REQUEST',
      vendorCode: 'value_error',
      vendorMessage: expect.stringContaining('width'),
    });
    expect(runs(what.seed)).toBe(0);
  });

  it('refuses what there is no place for', async () => {
    const busy = [input(), input()];
    for (const one of busy) expect(await submit(one)).toMatchObject({ kind: 'accepted' });
    const what = input();
    expect(await submit(what)).toMatchObject({
      kind: 'refused',
      failureClass: 'FAILURE_CLASS_OVERLOADED',
      vendorCode: 'at_capacity',
    });
    expect(runs(what.seed)).toBe(0);
    for (const { reference } of busy) await told(reference);
  });

  it('ends a run that is canceled, and tells so by webhook; later there is no such run', async () => {
    const what = input();
    await submit(what);
    // One that is not begun yet overhears it, so that the gateway asks until it has ended.
    await until('the run', () => (runs(what.seed) === 1 ? true : undefined));
    expect(await cancel(what.reference)).toMatchObject({
      kind: 'job',
      jobId: what.reference,
      state: { kind: 'open', vendorStatus: 'canceling' },
    });
    expect(await told(what.reference)).toMatchObject({ state: { kind: 'canceled' } });
    expect(await cancel(what.reference)).toEqual({ kind: 'not_found' });
    expect(await cancel('never-there')).toEqual({ kind: 'not_found' });
  });

  it('tells why a run failed', async () => {
    double.control({ job: { seconds: 0.1, end: 'failed' }, limit: { concurrent: 2 } });
    const what = input({ prompt: 'please raise' });
    await submit(what);
    expect(await told(what.reference)).toMatchObject({
      state: {
        kind: 'failed',
        end: 'ATTEMPT_END_VENDOR_FAILED',
        failureClass: 'FAILURE_CLASS_VENDOR_FAULT',
        vendorMessage: expect.stringContaining('RuntimeError: the model raised'),
      },
    });
  });

  it('bears its token, by which it is known from anybody else', async () => {
    const what = input();
    await submit(what);
    await told(what.reference);
    const [delivery] = receiver.deliveries.filter(
      ({ rawBody }) => cogAdapter.readNotification(rawBody)?.jobId === what.reference,
    );
    if (!delivery) throw new Error('not delivered');
    const verify = (secrets: readonly string[], headers = delivery.headers) =>
      cogAdapter.verifyWebhook({ ...delivery, headers }, secrets, Date.now());
    expect(verify(['an-older-token-of-it', token])).toMatchObject({ kind: 'verified' });
    expect(verify(['another-token-of-16'])).toEqual({ kind: 'refused', reason: 'signature_mismatch' });
    expect(verify([])).toEqual({ kind: 'refused', reason: 'signature_mismatch' });
    expect(verify([token], {})).toEqual({ kind: 'refused', reason: 'headers_missing' });
  });
});

const answer = (status: number, body: string | object, type = 'application/json'): VendorAnswer =>
  answered(status, body, { 'content-type': type });

describe('an answer', () => {
  it.each<[string, VendorAnswer, object]>([
    [
      'before the model is set up',
      answer(503, {
        error: 'Setup has not finished yet. Wait until it has finished, or GET /health-check for status.',
        status: 'failed',
      }),
      { kind: 'refused', failureClass: 'FAILURE_CLASS_OVERLOADED', vendorCode: 'not_set_up' },
    ],
    ['of a gateway that is overloaded', answer(503, '<h1>503</h1>', 'text/html'), { kind: 'unreadable' }],
    ['409 in other words', answer(409, { error: 'Conflict', status: 'failed' }), { kind: 'unreadable' }],
    ['422 in other words', answer(422, { error: 'no' }), { kind: 'unreadable' }],
    ['502', answer(502, '<h1>502</h1>', 'text/html'), { kind: 'unreadable' }],
    ['cut', answer(202, '{"id":"x","sta'), { kind: 'unreadable' }],
    ['without an id', answer(202, { status: 'starting' }), { kind: 'unreadable' }],
    ['with an id that is no text', answer(202, { id: 7, status: 'starting' }), { kind: 'unreadable' }],
    ['of nothing', answer(202, ''), { kind: 'unreadable' }],
    [
      'with a word that nobody knows, odd types and fields that are new',
      answer(202, { id: 'x', status: 'warming', logs: 17, metrics: null, slots: { used: 1 } }),
      { kind: 'accepted', jobId: 'x' },
    ],
    [
      'that was held until the end, as something in front dropped the preference',
      answer(200, { id: 'x', status: 'succeeded', output: ['data:image/png;base64,aGVsbG8='] }),
      { kind: 'ended', jobId: 'x', state: { kind: 'produced', outputs: [{ source: { kind: 'inline' } }] } },
    ],
    [
      'of a worker that crashed',
      answer(200, { id: 'x', status: 'failed', error: 'Worker crashed' }),
      { kind: 'ended', state: { kind: 'failed', failureClass: 'FAILURE_CLASS_VENDOR_FAULT' } },
    ],
    [
      'of a model that filters',
      answer(200, {
        id: 'x',
        status: 'failed',
        error: 'Prediction failed: NSFW content detected. Try again',
      }),
      { kind: 'ended', state: { kind: 'failed', end: 'ATTEMPT_END_MODERATED' } },
    ],
  ])('%s', (_what, given, expected) => {
    expect(cogAdapter.readSubmit(model, given, Date.now())).toMatchObject(expected);
  });

  it.each<[string, VendorAnswer, object]>([
    ['404 of something in between', answer(404, '<h1>404</h1>', 'text/html'), { kind: 'error' }],
    ['500', answer(500, 'no'), { kind: 'error', failureClass: 'FAILURE_CLASS_VENDOR_FAULT' }],
    ['200 of something else', answer(200, 'ok'), { kind: 'unreadable' }],
  ])('to a cancel, %s, proves nothing', (_what, given, expected) => {
    expect(cogAdapter.readCancel(given, { model, jobId: 'x' }, 0)).toMatchObject(expected);
  });
});

it('takes links as well, where the server puts its files somewhere', () => {
  const body = answer(200, { id: 'x', status: 'succeeded', output: 'https://files.example/out-0.png' }).body;
  expect(cogAdapter.readNotification(body)).toMatchObject({
    state: {
      kind: 'produced',
      outputs: [{ source: { kind: 'link', url: 'https://files.example/out-0.png' } }],
    },
  });
});

it.each(['', 'short', 'has a space in the middle', 'ü'.repeat(20)])(
  'does not take %j for a token',
  (secret) => {
    expect(cogAdapter.isWebhookSecret?.(secret)).toBe(false);
  },
);
