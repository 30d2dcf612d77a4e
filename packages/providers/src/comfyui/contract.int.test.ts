import { randomUUID } from 'node:crypto';
import { comfyuiProtocol, startDouble, type VendorDouble } from '@darkroom/vendor-doubles';
import { Speaker } from '../testing/speak.js';
import { comfyuiAdapter } from './adapter.js';

const model = 'sdxl-base';
let double: VendorDouble;
let speaker: Speaker;

beforeAll(async () => {
  double = await startDouble(comfyuiProtocol());
  speaker = new Speaker(comfyuiAdapter, double, model, '', [512, 768]);
});
afterAll(() => double.stop());
beforeEach(() => speaker.control({ job: { seconds: 0.1 } }));

describe('from submit to images', () => {
  it('queues a graph under our id, and comes to the files that its node saved', async () => {
    const input = speaker.input({ count: 2, seed: 77, prompt: 'a "boat"' });
    expect(await speaker.accepted(input)).toBe(input.reference);
    expect(double.book.job(input.reference)).toMatchObject({
      order: { prompt: 'a "boat"', width: 512, height: 768, count: 2, seed: 77, format: 'png' },
    });
    const end = await speaker.end(input.reference);
    if (end.kind !== 'job' || end.state.kind !== 'produced') throw new Error(JSON.stringify(end));
    // Its preview is none of them.
    expect(end.state).toMatchObject({ dropped: 0, outputs: [{ index: 0 }, { index: 1 }] });
    for (const { source } of end.state.outputs) {
      const link = source.kind === 'link' ? source.url : '';
      const answer = await fetch(new URL(link, `${double.url}/`));
      expect(answer.headers.get('content-type')).toBe('image/png');
    }
  });

  it('tells its place in the queue, and that it runs', async () => {
    speaker.control({ job: { seconds: 60 } });
    const [first, second] = [await speaker.accepted(), await speaker.accepted()];
    expect(await speaker.poll(second)).toMatchObject({ state: { kind: 'open', stage: 'queued' } });
    await speaker.billed(async () => speaker.cancel(second));
    speaker.control({ job: { end: 'stuck' } });
    const running = await speaker.accepted();
    await speaker.reaches(running, 'running');
    expect(await speaker.poll(running)).toMatchObject({ state: { kind: 'open', stage: 'running' } });
    await speaker.cancel(first);
    await speaker.cancel(running);
  });

  it.each([
    [{ error: 'the sampler raised' }, 'FAILURE_CLASS_VENDOR_FAULT', 'RuntimeError'],
    [{ error: 'out of memory' }, 'FAILURE_CLASS_OVERLOADED', 'torch.OutOfMemoryError'],
  ])('%j: why it failed', async (job, failureClass, vendorCode) => {
    speaker.control({ job: { seconds: 0.05, end: 'failed', ...job } });
    expect(await speaker.end(await speaker.accepted())).toMatchObject({
      state: {
        kind: 'failed',
        end: 'ATTEMPT_END_VENDOR_FAILED',
        failureClass,
        vendorCode,
        vendorMessage: job.error,
      },
    });
  });

  it('of which everything was cached already has no images', async () => {
    speaker.control({ job: { seconds: 0, end: 'nothing' } });
    expect(await speaker.end(await speaker.accepted())).toMatchObject({
      state: { kind: 'produced', outputs: [], dropped: 0 },
    });
  });

  it('that was interrupted is canceled, in whatever case it says so', () => {
    const answered = (body: object) => ({
      status: 200,
      headers: {},
      body: Buffer.from(JSON.stringify(body)),
    });
    const queue = answered({ queue_running: [], queue_pending: [] });
    const asked = comfyuiAdapter.readPoll(queue, { model, jobId: 'x' }, 0);
    if (asked.kind !== 'ask') throw new Error(asked.kind);
    const status = { status_str: 'ERROR', messages: [['Execution_Interrupted', {}]] };
    expect(asked.read(answered({ x: { outputs: {}, status } }), 0)).toMatchObject({
      state: { kind: 'canceled' },
    });
  });

  it.each([{ extraFields: true }, { oddTypes: true }])('%j change nothing', async (answers) => {
    speaker.control({ job: { seconds: 0.05 }, answers });
    expect(await speaker.end(await speaker.accepted())).toMatchObject({ state: { kind: 'produced' } });
  });
});

describe('canceling', () => {
  it('what waits takes it from the queue', async () => {
    speaker.control({ job: { seconds: 60 } });
    expect(await speaker.cancel(await speaker.accepted())).toMatchObject({
      state: { kind: 'canceled', isFree: true },
    });
  });

  it('what runs interrupts it, and nothing else', async () => {
    speaker.control({ job: { seconds: 1 } });
    const [one, other] = [await speaker.accepted(), await speaker.accepted()];
    await speaker.reaches(one, 'running');
    expect(await speaker.cancel(one)).toMatchObject({ state: { kind: 'canceled' } });
    expect(await speaker.end(other)).toMatchObject({ state: { kind: 'produced' } });
  });

  it('what has ended tells how it ended', async () => {
    const jobId = await speaker.accepted();
    await speaker.end(jobId);
    expect(await speaker.cancel(jobId)).toMatchObject({ state: { kind: 'produced' } });
  });

  it('what is not there finds nothing, and what is refused is no end', async () => {
    expect(await speaker.cancel(randomUUID())).toEqual({ kind: 'not_found' });
    speaker.control({ job: { seconds: 60 }, cancel: 'refused' });
    expect(await speaker.cancel(await speaker.accepted())).toMatchObject({ kind: 'error' });
  });

  it('is not done by interrupting whatever runs, where a server knows no other way', async () => {
    const old = await startDouble(comfyuiProtocol({ isOld: true }));
    try {
      const speaking = new Speaker(comfyuiAdapter, old, model, '', [512, 512]);
      speaking.control({ job: { seconds: 60 } });
      const input = speaking.input();
      const jobId = await speaking.accepted(input);
      // It gives ids of its own.
      expect(jobId).not.toBe(input.reference);
      expect(await speaking.cancel(jobId)).toMatchObject({ kind: 'error' });
      expect(await speaking.poll(jobId)).toMatchObject({ state: { kind: 'open' } });
    } finally {
      await old.stop();
    }
  });
});

describe('a lost submit', () => {
  it.each([
    'accept-then-drop',
    'accept-then-502-html',
    'accept-then-garbage-json',
    'accept-then-cut-body',
  ] as const)('%s is found by our id, in the queue and in the history', async (mishap) => {
    speaker.control({ submit: { mishap }, job: { seconds: 0.6 } });
    const input = speaker.input();
    const bill = await speaker.billed(async () => {
      expect(['lost', 'unreadable']).toContain((await speaker.submit(input)).kind);
    });
    expect(bill).toBe(1);
    expect(await speaker.lookup(input)).toMatchObject({
      kind: 'found',
      jobs: [{ jobId: input.reference, state: { kind: 'open' } }],
    });
    await speaker.reaches(input.reference, 'succeeded');
    expect(await speaker.lookup(input)).toMatchObject({
      kind: 'found',
      jobs: [{ jobId: input.reference, state: { kind: 'produced' } }],
    });
  });

  it('that is in neither may have been lost in a restart: it proves nothing', async () => {
    speaker.control({ submit: { mishap: 'drop-before-accept', times: 1 } });
    const never = speaker.input();
    expect(await speaker.submit(never)).toEqual({ kind: 'lost' });
    expect(await speaker.lookup(never)).toEqual({ kind: 'absent' });
    const taken = speaker.input();
    await speaker.accepted(taken);
    double.book.forgetAll();
    expect(await speaker.lookup(taken)).toEqual({ kind: 'absent' });
    expect(await speaker.poll(taken.reference)).toEqual({ kind: 'not_found' });
    expect(comfyuiAdapter.models[model]).toMatchObject({ submit: 'lookup', absence: 'weak' });
  });
});

describe('a refusal', () => {
  it.each([
    [
      'a checkpoint that is not there',
      'CheckpointLoaderSimple',
      'sd_xl_base_1.0.safetensors',
      'gone.safetensors',
    ],
    ['a size that it does not make', 'EmptyLatentImage', '"width":512', '"width":12'],
  ])('of %s names the node', async (_what, node, right, wrong) => {
    const request = comfyuiAdapter.submit(speaker.input());
    const answer = await speaker.send({ ...request, body: request.body?.replace(right, wrong) ?? '' });
    expect(comfyuiAdapter.readSubmit(model, answer, 0)).toMatchObject({
      kind: 'refused',
      failureClass: 'FAILURE_CLASS_INVALID_REQUEST',
      vendorCode: 'prompt_outputs_failed_validation',
      vendorMessage: expect.stringContaining(node),
    });
  });

  it('of an id that is none', async () => {
    expect(await speaker.submit(speaker.input({ reference: 'no-uuid' }))).toMatchObject({
      kind: 'refused',
      vendorCode: 'invalid_prompt_id',
    });
  });

  it.each([500, 502, 503, 404])('%i proves nothing', async (status) => {
    speaker.control({ refuse: { status } });
    expect(await speaker.submit(speaker.input())).toMatchObject({ kind: 'unreadable' });
  });
});
