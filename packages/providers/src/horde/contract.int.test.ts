import { hordeProtocol, startDouble, type VendorDouble } from '@darkroom/vendor-doubles';
import { answered } from '../testing/answered.js';
import { lostAnswersProveNothing } from '../testing/lost-answers.js';
import { Speaker } from '../testing/speak.js';
import { withDouble } from '../testing/with-double.js';
import { startWebhookReceiver, type WebhookReceiver } from '../testing/webhook-receiver.js';
import { hordeAdapter } from './adapter.js';

const model = 'sdxl-1.0';
type Options = Parameters<typeof hordeProtocol>[0];

let double: VendorDouble;
let speaker: Speaker;
const speakerOf = (vendor: VendorDouble): Speaker =>
  new Speaker(hordeAdapter, vendor, model, '/api/v2', [1024, 768]);

beforeAll(async () => {
  double = await startDouble(hordeProtocol());
  speaker = speakerOf(double);
});
afterAll(() => double.stop());
beforeEach(() => speaker.control({ job: { seconds: 0.1 } }));

const at = (options: Options, act: (there: Speaker) => Promise<void>): Promise<void> =>
  withDouble(hordeProtocol(options), speakerOf, act);

const asked = { model, jobId: 'x' };
const polled = (body: object, status = 200) => hordeAdapter.readPoll(answered(status, body), asked, 0);
/** What is read of a status, which is asked for once a request is over. */
const ended = (body: object) => {
  const said = polled({ done: true });
  return said.kind === 'ask' ? said.read(answered(200, { done: true, ...body }), 0) : said;
};
const questions = (there: Speaker, what: 'check' | 'status') =>
  there.double.calls.filter(({ method, path }) => method === 'GET' && path.includes(`/${what}/`)).length;

describe('from submit to the pictures', () => {
  it('maps size, seed and count, and fetches what was drawn', async () => {
    const input = speaker.input({ seed: 4_294_967_295, format: 'webp', count: 2 });
    const jobId = await speaker.accepted(input);
    expect(double.book.job(jobId)).toMatchObject({
      model: 'SDXL 1.0',
      asked: { nsfw: false, censor_nsfw: true, r2: true, params: { steps: 25, seed_variation: 1 } },
      order: { width: 1024, height: 768, count: 2, seed: 4_294_967_295 },
    });
    const end = await speaker.end(jobId);
    if (end.kind !== 'job' || end.state.kind !== 'produced') throw new Error(JSON.stringify(end));
    expect(end.state).toMatchObject({ dropped: 0, outputs: [{ index: 0 }, { index: 1 }] });
    const [output] = end.state.outputs;
    const fetched = await fetch(output?.source.kind === 'link' ? output.source.url : 'data:,');
    expect(fetched.headers.get('content-type')).toBe('image/webp');
  });

  it.each(Object.keys(hordeAdapter.models))('has a recipe for %s that the horde takes', async (name) => {
    await speaker.accepted(speaker.input({ model: name }));
    expect(double.book.bill.at(-1)?.asked).toMatchObject({
      models: [expect.any(String)],
      params: { steps: expect.any(Number), cfg_scale: expect.any(Number) },
    });
  });

  it('says who calls, each time', async () => {
    const before = double.calls.length;
    await speaker.end(await speaker.accepted());
    const agents = double.calls.slice(before).map(({ headers }) => headers['client-agent']);
    expect(new Set(agents)).toEqual(new Set(['darkroom:0:unknown']));
  });

  it('asks for the pictures only once it is over, as that may be asked for ten times a minute', async () => {
    const before = questions(speaker, 'status');
    speaker.control({ job: { seconds: 60 } });
    const waiting = await speaker.accepted();
    for (let nth = 0; nth < 12; nth += 1) await speaker.poll(waiting);
    expect(questions(speaker, 'status') - before).toBe(0);
    speaker.control({ job: { seconds: 0 } });
    const jobId = await speaker.accepted();
    let said = await speaker.poll(jobId);
    for (let nth = 0; nth < 12; nth += 1) said = await speaker.poll(jobId);
    expect(said).toMatchObject({
      kind: 'error',
      failureClass: 'FAILURE_CLASS_RATE_LIMITED',
      retryAfterSeconds: 1,
    });
  });

  it('waits its turn, is drawn, and says so', async () => {
    speaker.control({ job: { seconds: 60 } });
    const jobId = await speaker.accepted();
    expect(await speaker.poll(jobId)).toMatchObject({
      state: { kind: 'open', stage: 'queued', queuePosition: 4, vendorStatus: 'waiting', statusKnown: true },
    });
    expect(polled({ done: false, processing: 1, queue_position: 0 })).toMatchObject({
      state: { stage: 'running', queuePosition: null, vendorStatus: 'processing' },
    });
  });

  it('goes on where nobody could draw it, until it is canceled', async () => {
    await at({ isPossible: false }, async (there) => {
      there.control({ job: { end: 'stuck' } });
      const jobId = await there.accepted();
      expect(await there.poll(jobId)).toMatchObject({
        state: { kind: 'open', stage: 'queued', vendorStatus: 'is_possible: false' },
      });
      expect(await there.cancel(jobId)).toMatchObject({ state: { kind: 'canceled', isFree: true } });
    });
  });

  it.each([{ oddTypes: true }, { withoutOptional: true }, { extraFields: true }])(
    'is read with %j',
    async (answers) => {
      speaker.control({ job: { seconds: 0.3 }, answers });
      const jobId = await speaker.accepted();
      expect(await speaker.poll(jobId)).toMatchObject({ state: { kind: 'open' } });
      expect(await speaker.end(jobId)).toMatchObject({
        state: { kind: 'produced', outputs: [{ index: 0 }] },
      });
    },
  );

  it('has no picture under a word that nobody knows', async () => {
    speaker.control({ job: { seconds: 0, word: 'upscaling' } });
    expect(await speaker.poll(await speaker.accepted())).toMatchObject({
      state: { kind: 'open', vendorStatus: 'upscaling', statusKnown: false },
    });
  });

  it('has pictures that are not there, or are no links', async () => {
    speaker.control({ job: { seconds: 0, end: 'nothing' } });
    expect(await speaker.end(await speaker.accepted())).toMatchObject({
      state: { kind: 'produced', outputs: [], dropped: 1 },
    });
    expect(ended({ generations: [{ img: 'file:///etc/passwd' }, 7] })).toMatchObject({
      state: { kind: 'produced', outputs: [], dropped: 2 },
    });
  });

  it('may show late, and says so of what it has forgotten: missing, and not failed', async () => {
    speaker.control({ job: { seconds: 0 }, answers: { notFoundFirst: 2 } });
    const jobId = await speaker.accepted();
    expect(await speaker.poll(jobId)).toEqual({ kind: 'not_found' });
    expect(await speaker.end(jobId, true)).toMatchObject({ state: { kind: 'produced' } });
    double.book.forgetAll();
    expect(await speaker.poll(jobId)).toEqual({ kind: 'not_found' });
    expect(await speaker.cancel(jobId)).toEqual({ kind: 'not_found' });
    // Another 404 is something in between.
    expect(polled({ message: 'no such route' }, 404)).toMatchObject({ kind: 'error' });
  });
});

describe('what is censored is not passed on', () => {
  it.each([
    [{ by: 'metadata' }, 'nsfw'],
    [{ by: 'metadata', why: 'csam' }, 'csam'],
    [{ by: 'flag' }, 'censored'],
    [{ by: 'state' }, 'censored'],
    [{ by: 'state', why: 'csam' }, 'csam'],
  ] as const)('as told by %j', async (censors, vendorCode) => {
    await at({ censors }, async (there) => {
      there.control({ job: { seconds: 0, end: 'moderated' } });
      const state = {
        kind: 'failed',
        end: 'ATTEMPT_END_MODERATED',
        failureClass: 'FAILURE_CLASS_CONTENT_REJECTED',
        vendorCode,
      };
      expect(await there.end(await there.accepted())).toMatchObject({ state });
    });
  });

  it('one by one', () => {
    const generations = [{ censored: true }, {}, { gen_metadata: [{ type: 'lora' }] }].map((told, nth) => ({
      img: `https://r2.example/${nth}.webp`,
      ...told,
    }));
    expect(ended({ generations })).toMatchObject({
      state: {
        kind: 'produced',
        outputs: [
          { index: 0, source: { url: 'https://r2.example/1.webp' } },
          { index: 1, source: { url: 'https://r2.example/2.webp' } },
        ],
        dropped: 1,
      },
    });
  });
});

describe('three workers that failed at it', () => {
  it('are its end', async () => {
    speaker.control({ job: { seconds: 0, end: 'failed' } });
    expect(await speaker.end(await speaker.accepted())).toMatchObject({
      state: {
        kind: 'failed',
        end: 'ATTEMPT_END_VENDOR_FAILED',
        failureClass: 'FAILURE_CLASS_VENDOR_FAULT',
        vendorCode: 'faulted',
      },
    });
  });

  it('are not, where a fourth drew it, or is still at it', async () => {
    await at({ isFaultedToo: true }, async (there) => {
      const end = await there.end(await there.accepted());
      expect(end).toMatchObject({ state: { kind: 'produced', outputs: [{ index: 0 }] } });
    });
    expect(polled({ done: true, faulted: true, processing: 1 })).toMatchObject({
      state: { kind: 'open', stage: 'running' },
    });
  });
});

describe('a cancel', () => {
  it('drops what nobody has picked up, which costs nothing', async () => {
    speaker.control({ job: { seconds: 60 } });
    const jobId = await speaker.accepted();
    const state = { kind: 'canceled', isFree: true };
    expect(await speaker.cancel(jobId)).toMatchObject({ state });
    expect(await speaker.poll(jobId)).toMatchObject({ state });
  });

  it('does not stop what somebody draws: the pictures come', async () => {
    speaker.control({ job: { seconds: 0.5 } });
    const jobId = await speaker.accepted();
    await speaker.reaches(jobId, 'running');
    expect(await speaker.cancel(jobId)).toMatchObject({ state: { kind: 'open', stage: 'running' } });
    expect(await speaker.end(jobId)).toMatchObject({ state: { kind: 'produced' } });
    expect(await speaker.cancel(jobId)).toMatchObject({ state: { kind: 'produced' } });
  });

  it('that says nothing of who has it ends nothing, nor does one that failed', async () => {
    speaker.control({ job: { seconds: 60 }, answers: { withoutOptional: true } });
    expect(await speaker.cancel(await speaker.accepted())).toMatchObject({ state: { kind: 'open' } });
    speaker.control({ job: { seconds: 60 }, cancel: 'refused' });
    expect(await speaker.cancel(await speaker.accepted())).toMatchObject({ kind: 'error' });
    // One that is there of two, and none in work: the other is dropped, and the poll tells.
    const half = { done: false, finished: 1, processing: 0, generations: [{ img: 'https://r2.example/x' }] };
    expect(hordeAdapter.readCancel(answered(200, half), asked, 0)).toMatchObject({ state: { kind: 'open' } });
  });
});

describe('a refusal', () => {
  it.each<[number, string | undefined, string]>([
    [400, undefined, 'FAILURE_CLASS_INVALID_REQUEST'],
    [400, 'SomethingNew', 'FAILURE_CLASS_INVALID_REQUEST'],
    [400, 'constructor', 'FAILURE_CLASS_INVALID_REQUEST'],
    [400, 'validation', 'FAILURE_CLASS_INVALID_REQUEST'],
    [400, 'CorruptPrompt', 'FAILURE_CLASS_CONTENT_REJECTED'],
    [400, 'NoValidWorkers', 'FAILURE_CLASS_OVERLOADED'],
    [400, 'MaintenanceMode', 'FAILURE_CLASS_OVERLOADED'],
    [401, undefined, 'FAILURE_CLASS_UNAUTHORIZED'],
    [403, undefined, 'FAILURE_CLASS_INSUFFICIENT_CREDIT'],
    [403, 'DeletedUser', 'FAILURE_CLASS_UNAUTHORIZED'],
    [403, 'TimeoutIP', 'FAILURE_CLASS_RATE_LIMITED'],
    [429, undefined, 'FAILURE_CLASS_RATE_LIMITED'],
    [429, 'TooManyPrompts', 'FAILURE_CLASS_RATE_LIMITED'],
  ])('%i %s: nothing was taken', async (status, reason, failureClass) => {
    speaker.control({ refuse: { status, ...(reason === undefined ? {} : { reason }) } });
    const bill = await speaker.billed(async () => {
      expect(await speaker.submit(speaker.input())).toMatchObject({ kind: 'refused', failureClass });
    });
    expect(bill).toBe(0);
  });

  it.each<[number, string | undefined]>([
    [500, undefined],
    [502, undefined],
    [503, 'MaintenanceMode'],
    [404, undefined],
    [408, undefined],
    [409, 'BadRequest'],
    [410, 'RequestExpired'],
    [423, undefined],
  ])('%i %s proves nothing', async (status, reason) => {
    speaker.control({ refuse: { status, ...(reason === undefined ? {} : { reason }) } });
    expect(await speaker.submit(speaker.input())).toMatchObject({ kind: 'unreadable' });
  });

  it.each([
    [429, { message: 'Too Many Requests' }],
    [429, { message: 'nginx: 2 per 1 second' }],
    [403, { message: '2 per 1 second' }],
    [429, { errors: { prompt: 'required' } }],
    [400, { errors: {} }],
    [400, { rc: '' }],
  ])('is one in its own words alone: %i %j is none', (status, body) => {
    expect(hordeAdapter.readSubmit(model, answered(status, body), 0)).toMatchObject({ kind: 'unreadable' });
  });

  it.each<[string | undefined, string | undefined, number | null]>([
    [undefined, '7', 7],
    [undefined, undefined, null],
    ['TooManyPrompts', '1', 15],
    ['MaintenanceMode', '1', 60],
    ['TimeoutIP', '1', 120],
  ])('of too much: %s, with Retry-After %s, waits %i s', async (reason, retryAfter, seconds) => {
    speaker.control({
      refuse: {
        status: reason === 'TimeoutIP' ? 403 : 429,
        ...(reason === undefined ? {} : { reason }),
        ...(retryAfter === undefined ? {} : { retryAfter }),
      },
    });
    expect(await speaker.submit(speaker.input())).toMatchObject({ retryAfterSeconds: seconds });
  });

  it('names the field that is wrong, and the webhook that is not https', async () => {
    expect(await speaker.submit(speaker.input({ width: 1_000 }))).toMatchObject({
      kind: 'refused',
      vendorMessage: expect.stringMatching(/^Input payload validation failed; params\.width: /),
    });
    const webhookUrl = 'http://darkroom.example/hook/1';
    expect(await speaker.submit(speaker.input({ webhookUrl }))).toMatchObject({ kind: 'refused' });
  });

  it('of too many at once takes nothing', async () => {
    speaker.control({ job: { seconds: 0.5 } });
    await speaker.accepted();
    speaker.control({ limit: { concurrent: 1 } });
    expect(await speaker.submit(speaker.input())).toMatchObject({
      kind: 'refused',
      vendorCode: 'TooManyPrompts',
    });
  });
});

lostAnswersProveNothing(() => speaker);

describe('a success', () => {
  it('is no acceptance where it names no request', () => {
    for (const body of [{ kudos: 12 }, { id: 7 }, { id: '../x' }])
      expect(hordeAdapter.readSubmit(model, answered(202, body), 0)).toMatchObject({ kind: 'unreadable' });
  });
});

describe('a webhook', () => {
  let receiver: WebhookReceiver;
  beforeAll(async () => {
    receiver = await startWebhookReceiver();
  });
  afterAll(() => receiver.stop());

  it('tells, unsigned, that a picture of a request is there, and nothing of its end', async () => {
    speaker.control({ job: { seconds: 0 } });
    const jobId = await speaker.accepted(speaker.input({ webhookUrl: `${receiver.url}/hook/1`, count: 2 }));
    await receiver.received(1);
    const [delivery] = receiver.deliveries;
    if (!delivery) throw new Error('none');
    expect(hordeAdapter.verifyWebhook(delivery, [], 0)).toMatchObject({
      kind: 'verified',
      jobId,
      notificationId: `${jobId}:${jobId}-0`,
      state: { kind: 'open' },
    });
    expect(hordeAdapter.readNotification(delivery.rawBody)).toMatchObject({ jobId });
  });

  it.each([{ id: 'x' }, { request: 'x' }, { request: '../x', id: 'x' }, { request: 7, id: 'x' }])(
    'is refused where it does not name both: %j',
    (body) => {
      const rawBody = Buffer.from(JSON.stringify(body));
      expect(hordeAdapter.verifyWebhook({ headers: {}, rawBody }, [], 0)).toMatchObject({
        reason: 'unreadable',
      });
    },
  );
});
