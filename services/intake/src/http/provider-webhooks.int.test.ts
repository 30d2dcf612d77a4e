import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { fromPublicId, newUuid, objectFolders, sealAttemptToken } from '@darkroom/platform';
import { startAttempt } from '../testing/gateway-events.js';
import { cogToken, startTestIntake, type TestIntake, webhookSecret } from '../testing/test-intake.js';
import { webhookPath } from './webhook-admission.js';

let intake: TestIntake;
beforeAll(async () => {
  intake = await startTestIntake();
});
afterAll(() => intake.stop());

/** Signed as Standard Webhooks has it. */
function signed(body: string, options: { secret?: string; at?: number } = {}): Record<string, string> {
  const id = `msg_${newUuid()}`;
  const timestamp = String(Math.floor((options.at ?? Date.now()) / 1000));
  const key = Buffer.from((options.secret ?? webhookSecret).replace('whsec_', ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
    'content-type': 'application/json',
  };
}

const fromCog = { authorization: `Bearer ${cogToken}`, 'content-type': 'application/json' };

const tokenOf = (generation: string): string =>
  sealAttemptToken(intake.signer, { generation, run: 1, attempt: 1 });

const job = (fields: Record<string, unknown> = {}): string =>
  JSON.stringify({ id: 'job-1', status: 'running', progress: 10, ...fields });

function deliver(
  generation: string,
  body: string,
  options: { token?: string; headers?: Record<string, string>; provider?: string } = {},
) {
  const token = options.token ?? tokenOf(generation);
  return intake.bare({
    method: 'POST',
    path: `/v1/provider-webhooks/${options.provider ?? 'sim'}/${token}`,
    headers: options.headers ?? signed(body),
    body,
  });
}

async function started(model?: string): Promise<string> {
  const id = await intake.create();
  await startAttempt(intake.store, id, 1, model);
  return fromPublicId('gen', id) ?? '';
}

const notified = async (generation: string) =>
  (await intake.store.readStream(generation)).filter(({ type }) => type === 'ProviderNotified');
const inbox = (generation: string) =>
  intake.database.superuser`select * from intake.webhook_inbox where generation = ${generation}`;

it('records what a vendor tells: the bytes in the inbox, the event for the gateway', async () => {
  const generation = await started();
  const body = job();
  expect((await deliver(generation, body)).status).toBe(204);
  const [event] = await notified(generation);
  expect(event?.data).toMatchObject({ run: 1, attempt: 1, signed: true, body });
  expect(event?.metadata.actor).toBe('service:intake');
  const [row] = await inbox(generation);
  expect(row).toMatchObject({ provider: 'sim', attempt: 1 });
  expect(String(row?.['body'])).toBe(body);
});

it('takes one step for a hundred at once', async () => {
  const generation = await started();
  const body = job();
  const headers = signed(body);
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => deliver(generation, body, { headers })),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]));
  expect(await notified(generation)).toHaveLength(1);
  expect(await inbox(generation)).toHaveLength(1);
});

it('keeps at most eight of an attempt', async () => {
  const generation = await started();
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, progress) => deliver(generation, job({ progress }))),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]));
  expect(await notified(generation)).toHaveLength(8);
  expect(await inbox(generation)).toHaveLength(8);
});

it.each([
  ['a key that reaches for a prototype', { constructor: 1 }],
  ['what no text of a client may hold', { note: '\0 \uD800' }],
])('takes what a vendor signed, also with %s', async (_, more) => {
  const generation = await started();
  expect((await deliver(generation, job(more))).status).toBe(204);
  expect(await notified(generation)).toHaveLength(1);
});

describe('leaves nothing behind of', () => {
  const cases: [string, (generation: string) => Promise<{ status: number }>, number][] = [
    [
      'a forged signature',
      (g) => deliver(g, job(), { headers: signed(job(), { secret: 'whsec_AAAA' }) }),
      401,
    ],
    ['a body that was changed', (g) => deliver(g, job({ progress: 99 }), { headers: signed(job()) }), 401],
    [
      'a delivery that was kept for an hour',
      (g) => deliver(g, job(), { headers: signed(job(), { at: Date.now() - 3_600_000 }) }),
      401,
    ],
    [
      'one from the future',
      (g) => deliver(g, job(), { headers: signed(job(), { at: Date.now() + 3_600_000 }) }),
      401,
    ],
    ['no signature', (g) => deliver(g, job(), { headers: { 'content-type': 'application/json' } }), 401],
    ['a signed body that is no job', (g) => deliver(g, '{}'), 401],
    ['a truncated body', (g) => deliver(g, job().slice(0, -5), { headers: signed(job()) }), 401],
    ['half a body that is signed', (g) => deliver(g, '{"id":'), 401],
    ['no body', (g) => deliver(g, ''), 401],
    [
      'a token of another secret',
      (g) => deliver(g, job(), { token: `${'0'.repeat(26)}.1.1.${'A'.repeat(43)}` }),
      404,
    ],
    ['a word for a token', (g) => deliver(g, job(), { token: 'x' }), 404],
    // Whoever has an address of one vendor may not speak for another, least of all for one whose webhooks nobody signs.
    [
      'a vendor that was not asked, and signs nothing',
      (g) => deliver(g, JSON.stringify({ data: [{ taskUUID: 'job-1' }] }), { provider: 'runware' }),
      404,
    ],
    [
      'a vendor that was not asked, with its own token',
      (g) => deliver(g, job(), { provider: 'cog', headers: fromCog }),
      404,
    ],
    ['a vendor that nobody has', (g) => deliver(g, job(), { provider: 'acme' }), 404],
    [
      'an attempt that is not there',
      (g) =>
        deliver(g, job(), { token: sealAttemptToken(intake.signer, { generation: g, run: 1, attempt: 2 }) }),
      404,
    ],
    ['a generation that is not there', () => deliver(newUuid(), job()), 404],
    ['over 256 KiB', (g) => deliver(g, job({ more: 'x'.repeat(300_000) })), 413],
  ];
  it.each(cases)('%s', async (_, send, status) => {
    const generation = await started();
    expect((await send(generation)).status).toBe(status);
    expect(await notified(generation)).toHaveLength(0);
    expect(await inbox(generation)).toHaveLength(0);
  });
});

it('takes bodies that are larger than those of clients', async () => {
  const generation = await started();
  expect((await deliver(generation, job({ more: 'x'.repeat(100_000) }))).status).toBe(204);
});

it('takes as much as the vendor sends: logs without a bound', async () => {
  const generation = await started('replicate/black-forest-labs/flux-schnell');
  const body = JSON.stringify({ id: 'job-1', status: 'processing', logs: 'x'.repeat(2_000_000) });
  expect((await deliver(generation, body, { provider: 'replicate' })).status).toBe(204);
  expect(await notified(generation)).toHaveLength(1);
});

describe('one that carries pictures', () => {
  const ofCog = 'cog/text-to-image';
  const large = (fill = 'A'): string =>
    JSON.stringify({
      id: 'job-1',
      status: 'succeeded',
      output: [`data:image/png;base64,${fill.repeat(400_000)}`],
    });
  const staged = async (generation: string): Promise<string[]> => {
    const keys: string[] = [];
    for await (const key of intake.objects.list(objectFolders.staging(generation))) keys.push(key);
    return keys;
  };

  it('is kept in the object store, and the event says where', async () => {
    const generation = await started(ofCog);
    const body = large();
    const sha256 = createHash('sha256').update(body).digest('hex');
    expect((await deliver(generation, body, { provider: 'cog', headers: fromCog })).status).toBe(204);
    const [event] = await notified(generation);
    const stagingKey = `staging/${generation}/1/webhook-${sha256}`;
    expect(event?.data).toMatchObject({ signed: true, bodySha256: sha256, stagingKey });
    expect(event?.data).not.toHaveProperty('body');
    const kept = await intake.objects.get(stagingKey);
    expect(kept === null ? '' : await text(kept)).toBe(body);
    const [row] = await inbox(generation);
    expect(String(row?.['body'])).toBe('');
  });

  it('is kept once, however often it comes', async () => {
    const generation = await started(ofCog);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => deliver(generation, large(), { provider: 'cog', headers: fromCog })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]));
    expect(await notified(generation)).toHaveLength(1);
    expect(await staged(generation)).toHaveLength(1);
  });

  it.each<[string, (generation: string) => Promise<{ status: number }>, number]>([
    [
      'without the token of the server',
      (g) => deliver(g, large(), { provider: 'cog', headers: signed('') }),
      401,
    ],
    [
      'to an attempt that is not there',
      (g) =>
        deliver(g, large(), {
          provider: 'cog',
          headers: fromCog,
          token: sealAttemptToken(intake.signer, { generation: g, run: 1, attempt: 2 }),
        }),
      404,
    ],
  ])('leaves nothing behind %s', async (_, send, status) => {
    const generation = await started(ofCog);
    expect((await send(generation)).status).toBe(status);
    expect(await notified(generation)).toHaveLength(0);
    expect(await staged(generation)).toHaveLength(0);
  });

  it.each<[string, (generation: string) => string, number, number, string]>([
    ['who knows no token of ours', () => 'x', 1_000_000, 404, webhookPath],
    ['nor with another spelling', () => 'x', 1_000_000, 404, webhookPath.replace('p', '%70')],
    ['what is over 64 MiB', tokenOf, 65 * 1024 * 1024, 413, webhookPath],
  ])('is not read at all: %s', async (_, tokenFor, bytes, status, path) => {
    const token = tokenFor(await started(ofCog));
    const { hostname, port } = new URL(intake.url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.write(
      `POST ${path}/cog/${token} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: ${bytes}\r\n\r\n`,
    );
    // Before a byte of it was sent.
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    socket.destroy();
  });
});
