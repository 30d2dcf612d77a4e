import { type RunningComfyProxy, startComfyProxy } from '@darkroom/infra';
import { comfyProtocol, comfyuiProtocol, startDouble, type VendorDouble } from '@darkroom/vendor-doubles';
import type { ProviderAdapter, SubmitInput } from '../provider-adapter.js';
import { answered } from '../testing/answered.js';
import { Speaker } from '../testing/speak.js';
import { comfyAdapter, comfyProxyAdapter } from './adapter.js';

const model = 'sdxl-base';
/** The cloud's double, and the proxy itself in front of a double of ComfyUI. */
let cloud: VendorDouble;
let comfyui: VendorDouble;
let proxy: RunningComfyProxy;
let speakers: Readonly<Record<'cloud' | 'proxy', Speaker>>;

beforeAll(async () => {
  cloud = await startDouble(comfyProtocol());
  comfyui = await startDouble(comfyuiProtocol());
  proxy = await startComfyProxy({ comfyui: comfyui.url });
  speakers = {
    cloud: new Speaker(comfyAdapter, cloud, model, '/api/v2', [512, 768]),
    proxy: new Speaker(comfyProxyAdapter, { ...comfyui, url: proxy.url }, model, '/api/v2', [512, 768]),
  };
});
afterAll(async () => {
  await proxy.stop();
  await comfyui.stop();
  await cloud.stop();
});
beforeEach(() => {
  for (const speaker of Object.values(speakers)) speaker.control({ job: { seconds: 0.3 } });
});

describe.each(['cloud', 'proxy'] as const)('Comfy API v2, %s,', (which) => {
  const speaker = (): Speaker => speakers[which];
  const again = (input: SubmitInput) => speaker().submit(input);

  it('takes a graph, and comes to links that are relative or whole', async () => {
    const input = speaker().input({ count: 2, seed: 77 });
    const jobId = await speaker().accepted(input);
    const end = await speaker().end(jobId, which === 'proxy');
    if (end.kind !== 'job' || end.state.kind !== 'produced') throw new Error(JSON.stringify(end));
    expect(end.state).toMatchObject({ dropped: 0, outputs: [{ index: 0 }, { index: 1 }] });
    for (const { source } of end.state.outputs) {
      const link = source.kind === 'link' ? source.url : '';
      const answer = await fetch(new URL(link, `${speaker().double.url}/api/v2/`));
      expect(answer.headers.get('content-type')).toBe('image/png');
    }
    expect(speaker().double.book.bill.at(-1)).toMatchObject({
      order: { width: 512, height: 768, count: 2, seed: 77 },
    });
  });

  it('refuses a key that was used, which says nothing of a job; one that was refused is free', async () => {
    const input = speaker().input();
    const bill = await speaker().billed(async () => {
      await speaker().accepted(input);
      expect(await again(input)).toMatchObject({ kind: 'duplicate', vendorCode: 'idempotency_key_reuse' });
      expect(await again({ ...input, prompt: 'another' })).toMatchObject({ kind: 'duplicate' });
    });
    expect(bill).toBe(1);
    const refused = speaker().input({ width: 4 });
    expect(await again(refused)).toMatchObject({
      kind: 'refused',
      failureClass: 'FAILURE_CLASS_INVALID_REQUEST',
      vendorCode: 'invalid_workflow',
    });
    expect(await again({ ...refused, width: 512 })).toMatchObject({ kind: 'accepted' });
  });

  it('cancels', async () => {
    speaker().control({ job: { seconds: 2 } });
    const jobId = await speaker().accepted();
    await speaker().reaches(jobId, 'running');
    await speaker().cancel(jobId);
    expect(await speaker().end(jobId, which === 'proxy')).toMatchObject({ state: { kind: 'canceled' } });
  });

  it('knows nothing of a job that it does not have', async () => {
    expect(await speaker().poll('5f2c3a52-0000-4000-8000-000000000000')).toEqual({ kind: 'not_found' });
  });

  it('tells why one failed', async () => {
    speaker().control({ job: { seconds: 0.1, end: 'failed' } });
    expect(await speaker().end(await speaker().accepted(), which === 'proxy')).toMatchObject({
      state: { kind: 'failed', end: 'ATTEMPT_END_VENDOR_FAILED', failureClass: 'FAILURE_CLASS_VENDOR_FAULT' },
    });
  });
});

describe('the cloud', () => {
  const speaker = (): Speaker => speakers.cloud;

  it.each(['accept-then-drop', 'accept-then-502-html', 'accept-then-cut-body'] as const)(
    '%s: its key tells that it was used, and nothing is listed',
    async (mishap) => {
      speaker().control({ submit: { mishap, times: 1 } });
      const input = speaker().input();
      const bill = await speaker().billed(async () => {
        expect(['lost', 'unreadable']).toContain((await speaker().submit(input)).kind);
        expect(await speaker().submit(input)).toMatchObject({ kind: 'duplicate' });
      });
      expect(bill).toBe(1);
      expect(comfyAdapter.lookup({ ...input, startedAt: 0, names: () => undefined })).toBeUndefined();
    },
  );

  it('takes the same key where the first never came', async () => {
    speaker().control({ submit: { mishap: 'drop-before-accept', times: 1 } });
    const input = speaker().input();
    expect(await speaker().submit(input)).toEqual({ kind: 'lost' });
    expect(await speaker().submit(input)).toMatchObject({ kind: 'accepted' });
  });

  it.each<[number, string | undefined, string]>([
    [401, undefined, 'FAILURE_CLASS_UNAUTHORIZED'],
    [402, undefined, 'FAILURE_CLASS_INSUFFICIENT_CREDIT'],
    [422, 'missing_asset', 'FAILURE_CLASS_INVALID_REQUEST'],
    [422, 'deployment_stopped', 'FAILURE_CLASS_OVERLOADED'],
    [429, 'queue_full', 'FAILURE_CLASS_OVERLOADED'],
    [429, undefined, 'FAILURE_CLASS_RATE_LIMITED'],
  ])('%i %s: nothing was taken', async (status, reason, failureClass) => {
    speaker().control({
      refuse: { status, retryAfter: '7', ...(reason === undefined ? {} : { reason }) },
    });
    expect(await speaker().submit(speaker().input())).toMatchObject({
      kind: 'refused',
      failureClass,
      retryAfterSeconds: 7,
    });
  });

  it.each([500, 502, 503])('%i proves nothing: the key may stay used without a job', async (status) => {
    speaker().control({ refuse: { status } });
    expect(await speaker().submit(speaker().input())).toMatchObject({ kind: 'unreadable' });
  });

  it.each([
    ['a status word that nobody knows', { job: { seconds: 60, word: 'dreaming' } }, { statusKnown: false }],
    ['fields that are new', { job: { seconds: 60 }, answers: { extraFields: true } }, { statusKnown: true }],
    [
      'odd types',
      { job: { seconds: 60 }, answers: { oddTypes: true } },
      { percent: null, queuePosition: null },
    ],
  ] as const)('%s changes nothing', async (_what, controls, state) => {
    speaker().control(controls);
    expect(await speaker().poll(await speaker().accepted())).toMatchObject({
      state: { kind: 'open', ...state },
    });
  });
});

describe('the proxy itself', () => {
  const speaker = (): Speaker => speakers.proxy;

  it('finds a lost submit in its list, by the text that was sent along', async () => {
    const input = speaker().input();
    const jobId = await speaker().accepted(input);
    await speaker().accepted();
    expect(await speaker().lookup(input)).toMatchObject({ kind: 'found', jobs: [{ jobId }] });
    expect(await speaker().lookup(speaker().input())).toEqual({ kind: 'absent' });
  });

  it('takes a job without a trace for missing, and not for failed', async () => {
    const jobId = await speaker().accepted();
    comfyui.book.forgetAll();
    const whole = await speaker().send(comfyProxyAdapter.poll(model, jobId));
    expect(Buffer.from(whole.body).toString()).toContain('"expired"');
    expect(await speaker().poll(jobId)).toEqual({ kind: 'not_found' });
  });

  it('keeps a key whose prompt was taken and never answered, with no job to show for it', async () => {
    speaker().control({ submit: { mishap: 'accept-then-drop', times: 1 } });
    const input = speaker().input();
    const bill = await speaker().billed(async () => {
      expect(await speaker().submit(input)).toMatchObject({ kind: 'unreadable' });
      expect(await speaker().submit(input)).toMatchObject({ kind: 'duplicate' });
    });
    expect(bill).toBe(1);
    // Neither the refusal nor the list may be taken for a proof.
    expect(await speaker().lookup(input)).toEqual({ kind: 'absent' });
    expect(comfyProxyAdapter.models[model]).toMatchObject({ submit: 'keyed-reject', absence: 'weak' });
  });
});

it('takes a job for missing in whatever case that is said', () => {
  const body = Buffer.from('{"id":"x","status":"Expired"}');
  expect(comfyProxyAdapter.readPoll({ status: 200, headers: {}, body }, { model, jobId: 'x' }, 0)).toEqual({
    kind: 'not_found',
  });
});

it('takes no list for whole that is cut, or that it cannot read', () => {
  const adapter: ProviderAdapter = comfyProxyAdapter;
  const lost = { ...speakers.proxy.input(), startedAt: 0, names: () => undefined };
  const said = (body: object) => adapter.readLookup(answered(200, body), lost, 0).kind;
  const other = { id: 'x', status: 'running', metadata: 'another' };
  expect(said({ jobs: [other], truncated: false })).toBe('absent');
  expect(said({ jobs: [other], truncated: true })).toBe('unreadable');
  expect(said({ jobs: [other, { id: 7 }], truncated: false })).toBe('unreadable');
  const full = (created_at: string) => ({
    jobs: Array.from({ length: 100 }, () => ({ ...other, created_at })),
  });
  expect(said(full('1960-01-01T00:00:00Z'))).toBe('absent');
  expect(said(full('1970-01-01T00:00:00Z'))).toBe('unreadable');
  expect(said({ jobs: [{ ...other, metadata: lost.reference }, { id: 7 }], truncated: true })).toBe('found');
});
