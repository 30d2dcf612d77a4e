import { randomUUID } from 'node:crypto';
import { runwareProtocol, startDouble, type VendorDouble } from '@darkroom/vendor-doubles';
import { answered } from '../testing/answered.js';
import { Speaker } from '../testing/speak.js';
import { withDouble } from '../testing/with-double.js';
import { startWebhookReceiver, type WebhookReceiver } from '../testing/webhook-receiver.js';
import { runwareAdapter } from './adapter.js';

const model = 'runware:101@1';
type Options = Parameters<typeof runwareProtocol>[0];

let double: VendorDouble;
let speaker: Speaker;
const speakerOf = (vendor: VendorDouble): Speaker =>
  new Speaker(runwareAdapter, vendor, model, '', [1024, 768]);

beforeAll(async () => {
  double = await startDouble(runwareProtocol());
  speaker = speakerOf(double);
});
afterAll(() => double.stop());
beforeEach(() => speaker.control({ job: { seconds: 0.1 } }));

const at = (options: Options, act: (there: Speaker) => Promise<void>): Promise<void> =>
  withDouble(runwareProtocol(options), speakerOf, act);

const submitted = (body: object, status = 200) => runwareAdapter.readSubmit(model, answered(status, body), 0);
const polled = (body: object, status = 200) =>
  runwareAdapter.readPoll(answered(status, body), { model, jobId: 'x' }, 0);

it('reads an answer about many that is larger than one about one may be', () => {
  const task = {
    taskType: 'imageInference',
    taskUUID: 'a-task',
    status: 'processing',
    more: 'x'.repeat(2_000_000),
  };
  const body = { data: [task, { ...task, taskUUID: 'another' }] };
  const said = runwareAdapter.readPoll(answered(200, body), { model, jobId: 'another' }, 0);
  expect(said).toMatchObject({ kind: 'job', state: { kind: 'open' } });
});

it('tells of several tasks in one answer, each by itself', async () => {
  speaker.control({ job: { seconds: 30 } });
  const open = await speaker.accepted();
  speaker.control({ job: { seconds: 0 } });
  const done = await speaker.accepted();
  await speaker.reaches(done, 'succeeded');
  const jobs = [open, randomUUID(), done].map((jobId) => ({ model, jobId }));
  const [first, ...others] = jobs;
  if (first === undefined) throw new Error('there are three');
  const said = await speaker.send(runwareAdapter.pollTogether?.request([first, ...others]));
  const read = jobs.map((asked) => runwareAdapter.readPoll(said, asked, 0));
  expect(read).toMatchObject([
    { kind: 'job', jobId: open, state: { kind: 'open' } },
    { kind: 'unreadable' },
    { kind: 'job', jobId: done, state: { kind: 'produced' } },
  ]);
});

describe('from submit to the picture', () => {
  it.each([
    ['png', 'image/png'],
    ['jpeg', 'image/jpeg'],
    ['webp', 'image/webp'],
  ] as const)('maps size, seed and format, and tells the price: %s', async (format, type) => {
    const input = speaker.input({ seed: 77, format });
    const jobId = await speaker.accepted(input);
    expect(jobId).toBe(input.reference);
    expect(double.book.job(jobId)).toMatchObject({
      model,
      order: { width: 1024, height: 768, count: 1, seed: 77, format },
    });
    const end = await speaker.end(jobId);
    if (end.kind !== 'job' || end.state.kind !== 'produced') throw new Error(JSON.stringify(end));
    expect(end.state).toMatchObject({ dropped: 0, cost: { micros: '3800', currency: 'USD' } });
    const [output] = end.state.outputs;
    const fetched = await fetch(output?.source.kind === 'link' ? output.source.url : 'data:,');
    expect(fetched.headers.get('content-type')).toBe(type);
  });

  it('makes a UUID of version 4 of a reference that is of another, always the same', async () => {
    const reference = '019c42a0-c3ff-7138-be83-ee257abc5331';
    const jobId = await speaker.accepted(speaker.input({ reference }));
    expect(jobId).toBe('019c42a0-c3ff-4138-be83-ee257abc5331');
    expect(await speaker.lookup(speaker.input({ reference }))).toMatchObject({
      kind: 'found',
      jobs: [{ jobId }],
    });
  });

  it.each<[string, Parameters<Speaker['control']>[0], object]>([
    ['a status word that nobody knows', { job: { seconds: 60, word: 'dreaming' } }, { statusKnown: false }],
    ['fields that are new', { answers: { extraFields: true } }, { percent: 40, statusKnown: true }],
    ['what is odd where it is not needed', { answers: { oddTypes: true } }, { percent: null }],
  ])('%s changes nothing', async (_what, controls, state) => {
    speaker.control({ job: { seconds: 60 }, ...controls });
    expect(await speaker.poll(await speaker.accepted())).toMatchObject({
      kind: 'job',
      state: { kind: 'open', stage: 'running', ...state },
    });
  });

  it.each([{ oddTypes: true }, { withoutOptional: true }, { extraFields: true }])(
    'takes the picture, and no price that it cannot read: %j',
    async (answers) => {
      speaker.control({ job: { seconds: 0 }, answers });
      const end = await speaker.end(await speaker.accepted());
      expect(end).toMatchObject({ state: { kind: 'produced', outputs: [{ index: 0 }] } });
      expect(end.kind === 'job' && 'cost' in end.state).toBe(answers.extraFields === true);
    },
  );

  it('reads a price to the millionth, as it was written', () => {
    const micros = (cost: unknown) => {
      const said = polled({
        data: [{ taskUUID: 'x', status: 'success', imageURL: 'https://a.example/', cost }],
      });
      return said.kind === 'job' && said.state.kind === 'produced' ? said.state.cost?.micros : 'none';
    };
    expect([0.0013, 1.005, 0.000_001, 4.35, 0, 1e-7].map(micros)).toEqual([
      '1300',
      '1005000',
      '1',
      '4350000',
      '0',
      '0',
    ]);
    expect([-1, '0.0013', null, 1e9].map(micros)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('has no picture under a word that nobody knows, as it may be a draft', () => {
    expect(
      polled({ data: [{ taskUUID: 'x', status: 'refining', imageURL: 'https://a.example/' }] }),
    ).toMatchObject({ state: { kind: 'open', statusKnown: false } });
  });

  it('has a success without a picture, or with a link that is none', async () => {
    speaker.control({ job: { seconds: 0, end: 'nothing' } });
    expect(await speaker.end(await speaker.accepted())).toMatchObject({
      state: { kind: 'produced', outputs: [], dropped: 0 },
    });
    expect(
      polled({ data: [{ taskUUID: 'x', status: 'success', imageURL: 'file:///etc/passwd' }] }),
    ).toMatchObject({ state: { kind: 'produced', outputs: [], dropped: 1 } });
  });

  it('does not pass on what the vendor’s check rejects, which is billed', async () => {
    speaker.control({ job: { seconds: 0, end: 'moderated' } });
    const end = await speaker.end(await speaker.accepted());
    expect(end).toMatchObject({
      state: {
        kind: 'failed',
        end: 'ATTEMPT_END_MODERATED',
        failureClass: 'FAILURE_CLASS_CONTENT_REJECTED',
        vendorCode: 'nsfwContentDetected',
      },
    });
    expect(end.kind === 'job' && 'isFree' in end.state).toBe(false);
    expect(runwareAdapter.models[model]).toMatchObject({ failedRunsCharged: true });
  });

  it.each([
    ['data', 'inferenceError', 'ATTEMPT_END_VENDOR_FAILED', 'FAILURE_CLASS_VENDOR_FAULT'],
    ['errors', 'timeoutProvider', 'ATTEMPT_END_VENDOR_FAILED', 'FAILURE_CLASS_TIMEOUT'],
    ['data', 'providerContentPolicyViolation', 'ATTEMPT_END_MODERATED', 'FAILURE_CLASS_CONTENT_REJECTED'],
    ['errors', 'somethingNew', 'ATTEMPT_END_VENDOR_FAILED', 'FAILURE_CLASS_VENDOR_FAULT'],
    ['data', 'taskFailedOrNotFound', 'ATTEMPT_END_VENDOR_FAILED', 'FAILURE_CLASS_VENDOR_FAULT'],
  ] as const)('tells why one failed, told of in %s: %s', async (failures, error, end, failureClass) => {
    await at({ failures }, async (there) => {
      there.control({ job: { seconds: 0, end: 'failed', error } });
      const jobId = await there.accepted();
      const state = { kind: 'failed', end, failureClass, vendorCode: error };
      expect(await there.end(jobId)).toMatchObject({ state });
    });
  });

  it('takes what is wrong with the question for nothing of the task', () => {
    for (const [status, code] of [
      [429, 'rateLimitExceeded'],
      [401, 'invalidApiKey'],
      [400, 'invalidTaskUUID'],
      [500, 'internalServerError'],
      [503, 'taskNotFound'],
    ] as const)
      expect(polled({ errors: [{ code, taskUUID: 'x' }] }, status)).toMatchObject({ kind: 'error' });
    expect(polled({ data: [{ taskUUID: 'another', status: 'success' }] })).toMatchObject({
      kind: 'unreadable',
    });
    expect(polled({ errors: [{ code: 'providerError', taskUUID: 'another' }] })).toMatchObject({
      kind: 'error',
    });
  });
});

describe('a task that is not found', () => {
  it.each(['nothing', 'code'] as const)(
    'is asked for in the archive, and is missing (%s)',
    async (unknown) => {
      await at({ unknown }, async (there) => {
        const before = there.double.calls.length;
        expect(await there.poll(randomUUID())).toEqual({ kind: 'not_found' });
        expect(there.double.calls.length - before).toBe(2);
        // Weak evidence, by which nothing is submitted again.
        expect(await there.lookup(there.input())).toEqual({ kind: 'absent' });
        expect(runwareAdapter.models[model]).toMatchObject({ absence: 'weak', keyScope: null });
      });
    },
  );

  it.each(['succeeded', 'failed', 'moderated'] as const)(
    'is found there once it has ended: %s',
    async (end) => {
      await at({ forgetsEnded: true }, async (there) => {
        there.control({ job: { seconds: 0, end } });
        const input = there.input();
        const jobId = await there.accepted(input);
        const kind = end === 'succeeded' ? 'produced' : 'failed';
        expect(await there.poll(jobId)).toMatchObject({ kind: 'job', state: { kind } });
        expect(await there.lookup(input)).toMatchObject({
          kind: 'found',
          jobs: [{ jobId, state: { kind } }],
        });
      });
    },
  );

  it('may show late', async () => {
    speaker.control({ job: { seconds: 0 }, list: { lagSeconds: 60 } });
    const input = speaker.input();
    const jobId = await speaker.accepted(input);
    expect(await speaker.lookup(input)).toEqual({ kind: 'absent' });
    speaker.control({});
    expect(await speaker.lookup(input)).toMatchObject({ kind: 'found', jobs: [{ jobId }] });
  });

  it('has an archive that says nothing where it knows no more than that the id was used again', () => {
    const first = polled({ data: [] });
    if (first.kind !== 'ask') throw new Error(first.kind);
    const kept = (response: object) =>
      first.read(answered(200, { data: [{ taskUUID: 'x', taskType: 'getTaskDetails', response }] }), 0);
    expect(kept({ errors: [{ code: 'conflictTaskUUID', taskUUID: 'x' }] })).toMatchObject({
      kind: 'unreadable',
    });
    expect(kept({ data: [] })).toMatchObject({ kind: 'unreadable' });
    // What it answered to the submit: the task goes on.
    expect(kept({ data: [{ taskUUID: 'x' }] })).toMatchObject({ state: { kind: 'open' } });
    expect(first.read(answered(500, {}), 0)).toMatchObject({ kind: 'error' });
  });
});

describe('a refusal', () => {
  it.each<[number, string | undefined, string]>([
    [400, undefined, 'FAILURE_CLASS_INVALID_REQUEST'],
    [400, 'somethingNew', 'FAILURE_CLASS_INVALID_REQUEST'],
    [400, 'insufficientCredits', 'FAILURE_CLASS_INSUFFICIENT_CREDIT'],
    [400, 'promptBlocked', 'FAILURE_CLASS_CONTENT_REJECTED'],
    [401, undefined, 'FAILURE_CLASS_UNAUTHORIZED'],
    [402, undefined, 'FAILURE_CLASS_INSUFFICIENT_CREDIT'],
    [403, 'accountSuspended', 'FAILURE_CLASS_UNAUTHORIZED'],
    [404, undefined, 'FAILURE_CLASS_INVALID_REQUEST'],
    [429, undefined, 'FAILURE_CLASS_RATE_LIMITED'],
    [429, 'queueFull', 'FAILURE_CLASS_RATE_LIMITED'],
  ])('%i %s: nothing was taken', async (status, reason, failureClass) => {
    speaker.control({ refuse: { status, ...(reason === undefined ? {} : { reason }) } });
    const bill = await speaker.billed(async () => {
      expect(await speaker.submit(speaker.input())).toMatchObject({ kind: 'refused', failureClass });
    });
    expect(bill).toBe(0);
  });

  it.each<[number, string | undefined]>([
    [500, undefined],
    [500, 'invalidModel'],
    [502, undefined],
    [503, undefined],
    [504, undefined],
    [408, 'requestTimeout'],
    [409, 'invalidModel'],
    [400, 'timeoutProvider'],
    [400, 'providerContentPolicyViolation'],
    [429, 'providerRateLimitExceeded'],
    [400, 'inferenceError'],
    [404, 'taskFailedOrNotFound'],
  ])('%i %s proves nothing', async (status, reason) => {
    speaker.control({ refuse: { status, ...(reason === undefined ? {} : { reason }) } });
    expect(await speaker.submit(speaker.input())).toMatchObject({ kind: 'unreadable' });
  });

  it('is one in the vendor’s own words alone, and where no task is told of', () => {
    const errors = [{ code: 'invalidModel' }];
    expect(submitted({ errors }, 400)).toMatchObject({ kind: 'refused' });
    expect(submitted({ errors }, 200)).toMatchObject({ kind: 'unreadable' });
    expect(submitted({ errors: [...errors, { code: 'taskFailed' }] }, 400)).toMatchObject({
      kind: 'unreadable',
    });
    expect(submitted({ data: [{ taskUUID: 'x' }], errors }, 400)).toMatchObject({ kind: 'unreadable' });
    expect(submitted({ data: [{ taskUUID: 'x' }], errors }, 200)).toMatchObject({ kind: 'accepted' });
    expect(submitted({ message: 'invalidModel' }, 400)).toMatchObject({ kind: 'unreadable' });
    expect(submitted({ errors: [{ message: 'no' }] }, 400)).toMatchObject({ kind: 'unreadable' });
    expect(submitted({ data: [{ taskUUID: 'x' }, { taskUUID: 'y' }] })).toMatchObject({ kind: 'unreadable' });
  });

  it.each([
    ['7', 7],
    [undefined, null],
    ['soon', null],
    ['9000', 300],
    ['a date', 30],
  ])('for too many requests, with Retry-After %s, waits %d s', async (text, seconds) => {
    const retryAfter = text === 'a date' ? new Date(Date.now() + 30_000).toUTCString() : text;
    speaker.control({ refuse: { status: 429, ...(retryAfter === undefined ? {} : { retryAfter }) } });
    const said = await speaker.submit(speaker.input());
    const wait = said.kind === 'refused' ? said.retryAfterSeconds : undefined;
    if (seconds === null) expect(wait).toBeNull();
    else expect(Math.abs((wait ?? 0) - seconds)).toBeLessThanOrEqual(1);
  });

  it.each([{ width: 1_000 }, { height: 64 }, { width: 4_096 }])('names what is wrong: %j', async (size) => {
    expect(await speaker.submit(speaker.input(size))).toMatchObject({
      kind: 'refused',
      vendorCode: `invalid${'width' in size ? 'Width' : 'Height'}`,
    });
  });

  it('of a queue that is full leaves the id free', async () => {
    speaker.control({ job: { seconds: 1 } });
    await speaker.accepted();
    speaker.control({ limit: { concurrent: 1 } });
    const input = speaker.input();
    expect(await speaker.submit(input)).toMatchObject({ kind: 'refused' });
    speaker.control({ job: { seconds: 0 } });
    expect(await speaker.submit(input)).toMatchObject({ kind: 'accepted' });
  });
});

describe('an answer that is lost', () => {
  it.each([
    'accept-then-drop',
    'accept-then-502-html',
    'accept-then-garbage-json',
    'accept-then-cut-body',
    'accept-then-hang',
  ] as const)('%s: the id finds what was taken, and is refused a second time', async (mishap) => {
    speaker.control({ submit: { mishap, times: 1 }, job: { seconds: 0 } });
    speaker.patienceMs = mishap === 'accept-then-hang' ? 500 : 5_000;
    const input = speaker.input();
    const bill = await speaker.billed(async () => {
      expect(['lost', 'unreadable']).toContain((await speaker.submit(input)).kind);
      expect(await speaker.submit(input)).toMatchObject({
        kind: 'duplicate',
        vendorCode: 'conflictTaskUUID',
      });
      expect(await speaker.lookup(input)).toMatchObject({
        kind: 'found',
        jobs: [{ jobId: input.reference, state: { kind: 'produced' } }],
      });
    });
    expect(bill).toBe(1);
  });

  it.each([200, 409, 422, 500])('a used id is one with status %i too', async (conflictStatus) => {
    await at({ conflictStatus }, async (there) => {
      const input = there.input();
      await there.accepted(input);
      expect(await there.submit(input)).toMatchObject({ kind: 'duplicate' });
    });
  });

  it('drop-before-accept: nothing is found, and the id is free', async () => {
    speaker.control({ submit: { mishap: 'drop-before-accept', times: 1 } });
    const input = speaker.input();
    expect(await speaker.submit(input)).toEqual({ kind: 'lost' });
    expect(await speaker.lookup(input)).toEqual({ kind: 'absent' });
    expect(await speaker.submit(input)).toMatchObject({ kind: 'accepted' });
  });

  it('may be the picture itself, of a vendor that waits for it', () => {
    const item = { taskUUID: 'x', imageURL: 'https://a.example/x.png', cost: 0.0013 };
    expect(submitted({ data: [item] })).toMatchObject({
      kind: 'ended',
      jobId: 'x',
      state: { kind: 'produced', cost: { micros: '1300' } },
    });
  });
});

describe('a webhook', () => {
  let receiver: WebhookReceiver;
  beforeAll(async () => {
    receiver = await startWebhookReceiver();
  });
  afterAll(() => receiver.stop());

  it.each(['succeeded', 'moderated', 'failed'] as const)('tells of the task, unsigned: %s', async (end) => {
    await at({ failures: 'errors' }, async (there) => {
      there.control({ job: { seconds: 0, end } });
      const before = receiver.deliveries.length;
      const jobId = await there.accepted(there.input({ webhookUrl: `${receiver.url}/hook/1` }));
      await receiver.received(before + 1);
      const [delivery] = receiver.deliveries.slice(before);
      if (!delivery) throw new Error('none');
      const kind = end === 'succeeded' ? 'produced' : 'failed';
      expect(runwareAdapter.verifyWebhook(delivery, [], 0)).toMatchObject({
        kind: 'verified',
        jobId,
        notificationId: `${jobId}:${kind}`,
        state: { kind },
      });
    });
  });

  it('is refused where it tells of no task, or of several', () => {
    const told = (body: object) =>
      runwareAdapter.verifyWebhook({ headers: {}, rawBody: Buffer.from(JSON.stringify(body)) }, [], 0).kind;
    expect(told({ data: [{ taskUUID: 'x', status: 'success' }] })).toBe('verified');
    expect(told({ data: [{ taskUUID: 'x' }, { taskUUID: 'y' }] })).toBe('refused');
    expect(told({ data: [{ taskUUID: 'x' }], errors: [{ code: 'taskFailed', taskUUID: 'y' }] })).toBe(
      'refused',
    );
    expect(told({ data: [] })).toBe('refused');
    expect(told({ errors: [{ code: 'taskFailed' }] })).toBe('refused');
  });
});

it('cancels nothing', () => {
  expect(runwareAdapter.cancel(model, 'x')).toBeUndefined();
  expect(runwareAdapter.readCancel(answered(200, { data: [] }), { model, jobId: 'x' }, 0)).toMatchObject({
    kind: 'unreadable',
  });
});
