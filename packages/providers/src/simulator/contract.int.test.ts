import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningSimulator, startSimulator } from '@darkroom/simulator';
import type {
  LostSubmit,
  PollAnswer,
  SubmitInput,
  VendorAnswer,
  VendorRequest,
  WebhookDelivery,
} from '../provider-adapter.js';
import { adapterFor, sheetFor } from '../registry.js';

const adapter = adapterFor('sim');
if (!adapter) throw new Error('no adapter');
const secret = `whsec_${Buffer.from('the secret of this contract').toString('base64')}`;
const dataDir = mkdtempSync(join(tmpdir(), 'simulator-contract-'));
let simulator: RunningSimulator;

beforeAll(async () => {
  simulator = await startSimulator({ host: '127.0.0.1', port: 0, dataDir, webhookSecret: secret });
});
afterAll(async () => {
  await simulator.stop();
  rmSync(dataDir, { recursive: true });
});
beforeEach(() => faults({}));

async function faults(set: object): Promise<void> {
  await fetch(`${simulator.url}/admin/faults`, {
    method: 'PUT',
    body: JSON.stringify({ job: { seconds: [0.1, 0.1] }, ...set }),
  });
}

async function send(request: VendorRequest | undefined, credential = 'key'): Promise<VendorAnswer> {
  if (!request) throw new Error('nothing to send');
  const answer = await fetch(simulator.url + request.path, {
    method: request.method,
    headers: { ...request.headers, ...(credential ? adapter?.authorize(credential) : {}) },
    ...(request.body === undefined ? {} : { body: request.body }),
  });
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: new Uint8Array(await answer.arrayBuffer()),
  };
}

let references = 0;
function input(model: string, change: Partial<SubmitInput> = {}): SubmitInput {
  const reference = `contract-${++references}`;
  return {
    model,
    prompt: 'a boat',
    width: 64,
    height: 64,
    count: 2,
    seed: 7,
    format: 'png',
    reference,
    deadlineSeconds: 600,
    ...change,
  };
}

const lost = (given: SubmitInput): LostSubmit => ({
  ...given,
  startedAt: Date.now(),
  names: () => undefined,
});

async function submit(given: SubmitInput) {
  return adapter!.readSubmit(given.model, await send(adapter!.submit(given)), Date.now());
}

async function pollUntilEnd(model: string, jobId: string): Promise<PollAnswer> {
  for (const end = Date.now() + 10_000; Date.now() < end;) {
    const answer = adapter!.readPoll(await send(adapter!.poll(model, jobId)), { model, jobId }, Date.now());
    if (answer.kind !== 'job' || answer.state.kind !== 'open') return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('no end in 10 s');
}

describe.each(['standard', 'keyed', 'reject', 'blind'])('sim/%s', (model) => {
  it('goes from submit to images', async () => {
    const accepted = await submit(input(model));
    if (accepted.kind !== 'accepted') throw new Error(accepted.kind);
    const end = await pollUntilEnd(model, accepted.jobId);
    expect(end).toMatchObject({ kind: 'job', state: { kind: 'produced', dropped: 0 } });
    if (end.kind !== 'job' || end.state.kind !== 'produced') return;
    expect(end.state.outputs).toHaveLength(2);
    for (const output of end.state.outputs) {
      expect(output.sha256).toMatch(/^[0-9a-f]{64}$/);
      const bytes =
        output.source.kind === 'link' ? await (await fetch(output.source.url)).arrayBuffer() : undefined;
      expect(bytes?.byteLength).toBe(output.bytes);
    }
  });

  it('can be cancelled', async () => {
    await faults({ job: { seconds: [60, 60] } });
    const accepted = await submit(input(model));
    if (accepted.kind !== 'accepted') throw new Error(accepted.kind);
    const answer = await send(adapter.cancel(model, accepted.jobId));
    expect(adapter.readCancel(answer, { model, jobId: accepted.jobId }, Date.now())).toMatchObject({
      state: { kind: 'canceled' },
    });
  });

  it('tells failure and moderation', async () => {
    await faults({ job: { seconds: [0, 0], fail: 1 } });
    const failed = await submit(input(model));
    if (failed.kind !== 'accepted') throw new Error(failed.kind);
    expect(await pollUntilEnd(model, failed.jobId)).toMatchObject({
      state: { end: 'ATTEMPT_END_VENDOR_FAILED' },
    });
    await faults({ job: { seconds: [0, 0], moderate: 1 } });
    const moderated = await submit(input(model));
    if (moderated.kind !== 'accepted') throw new Error(moderated.kind);
    expect(await pollUntilEnd(model, moderated.jobId)).toMatchObject({
      state: { end: 'ATTEMPT_END_MODERATED' },
    });
  });
});

describe('the submission contracts of the sheets', () => {
  it('lookup and keyed-reject find the job by our reference, and show absence', async () => {
    for (const model of ['standard', 'reject']) {
      expect(sheetFor(`sim/${model}`)?.absence).toBe('proof');
      const given = input(model);
      const before = adapter.readLookup(await send(adapter.lookup(lost(given))), lost(given), Date.now());
      expect(before).toEqual({ kind: 'absent' });
      const accepted = await submit(given);
      const found = adapter.readLookup(await send(adapter.lookup(lost(given))), lost(given), Date.now());
      expect(found).toMatchObject({
        kind: 'found',
        jobs: [{ jobId: accepted.kind === 'accepted' && accepted.jobId }],
      });
    }
  });

  it('keyed-replay answers a repeat of the same bytes with the same job', async () => {
    const given = input('keyed', { webhookUrl: 'https://darkroom.example/hook' });
    expect(adapter.submit(given)).toEqual(adapter.submit({ ...given }));
    expect(await submit(given)).toEqual(await submit(given));
    expect(await submit({ ...given, prompt: 'another' })).toMatchObject({ kind: 'duplicate' });
  });

  it('keyed-reject refuses a repeat as a duplicate, which is no refusal', async () => {
    const given = input('reject');
    await submit(given);
    expect(await submit(given)).toMatchObject({ kind: 'duplicate', vendorCode: 'duplicate_reference' });
  });

  it('blind and inline name nothing, and can be looked up by nothing', () => {
    for (const model of ['blind', 'inline']) {
      const request = adapter.submit(input(model, { reference: 'the-reference' }));
      expect(JSON.stringify(request)).not.toContain('the-reference');
      expect(adapter.lookup(lost(input(model)))).toBeUndefined();
    }
    expect(adapter.lookup(lost(input('keyed')))).toBeUndefined();
    expect(adapter.cancel('inline', 'x')).toBeUndefined();
  });

  it('inline ends with the images in the answer, or a failure', async () => {
    const ended = await submit(input('inline'));
    expect(ended).toMatchObject({ kind: 'ended', state: { kind: 'produced', dropped: 0 } });
    if (ended.kind === 'ended' && ended.state.kind === 'produced') {
      for (const { source, bytes } of ended.state.outputs) {
        expect(source.kind === 'inline' && source.bytes.length).toBe(bytes);
      }
    }
    await faults({ job: { seconds: [0, 0], moderate: 1 } });
    expect(await submit(input('inline'))).toMatchObject({
      kind: 'ended',
      state: { end: 'ATTEMPT_END_MODERATED' },
    });
  });

  it.each([401, 402, 403, 422, 429, 503])('status %i is a definite refusal, and free', async (status) => {
    await faults({ submit: { status: { [status]: 1 }, retry_after: '3' } });
    expect(await submit(input('standard'))).toMatchObject({ kind: 'refused' });
    const ledger = await (await fetch(`${simulator.url}/admin/ledger`)).text();
    expect(ledger.trimEnd().split('\n').at(-1)).toContain('"accepted":false');
  });

  it.each([500, 502, 504, 408])('status %i proves nothing', async (status) => {
    await faults({ submit: { status: { [status]: 1 } } });
    expect(await submit(input('standard'))).toMatchObject({ kind: 'unreadable' });
  });

  it('malformed answers prove nothing, whatever their shape', async () => {
    await faults({ submit: { malformed: 1 } });
    for (let nth = 0; nth < 30; nth++) {
      const answer = await submit(input(nth % 2 ? 'standard' : 'inline')).catch(() => ({ kind: 'lost' }));
      expect(['unreadable', 'lost']).toContain(answer.kind);
    }
  });

  it('a missing credential is a definite refusal', async () => {
    const answer = await send(adapter.submit(input('standard')), '');
    expect(adapter.readSubmit('standard', answer, Date.now())).toMatchObject({
      kind: 'refused',
      failureClass: 'FAILURE_CLASS_UNAUTHORIZED',
    });
  });
});

it('webhooks are verified, and forged ones are not', async () => {
  const deliveries: WebhookDelivery[] = [];
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      deliveries.push({ headers: request.headers, rawBody: Buffer.concat(chunks) });
      response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  try {
    const { port }: AddressInfo = Object(receiver.address());
    await faults({ webhook: { send: 1, forge: 1 } });
    const accepted = await submit(input('blind', { webhookUrl: `http://127.0.0.1:${port}/hook` }));
    for (const end = Date.now() + 10_000; deliveries.length < 2 && Date.now() < end;) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const verdicts = deliveries.map((delivery) => adapter.verifyWebhook(delivery, [secret], Date.now()));
    expect(verdicts).toEqual(
      expect.arrayContaining([
        { kind: 'refused', reason: 'signature_mismatch' },
        expect.objectContaining({ kind: 'verified', jobId: accepted.kind === 'accepted' && accepted.jobId }),
      ]),
    );
  } finally {
    await new Promise((resolve) => receiver.close(resolve));
  }
});
