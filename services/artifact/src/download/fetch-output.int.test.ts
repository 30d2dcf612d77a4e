import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createEgress, type Egress, localDiskObjectStore, type ObjectStore } from '@darkroom/platform';
import { type RawServer, startRawServer } from '@darkroom/platform/testing';
import { defaultLimits, type OutputLimits } from '../policy/limits.js';
import { OutputRejected } from '../policy/output-rejected.js';
import { greyPng, picture } from '../testing/pictures.js';
import { gateFor } from '../verify/decode-gate.js';
import { type DeclaredOutput, type FetchedOutput, fetchOutput } from './fetch-output.js';
import type { OutputSource } from './open-source.js';

let folder: string;
let objects: ObjectStore;
let png: Buffer;
let server: RawServer;
let egress: Egress;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'darkroom-fetch-'));
  objects = localDiskObjectStore(await mkdtemp(join(folder, 'objects-')));
  png = await picture('png');
});
afterAll(async () => rm(folder, { recursive: true }));
beforeEach(async () => (folder = await mkdtemp(join(folder, 'incoming-'))));
afterEach(async () => {
  await egress?.stop();
  await server?.stop();
  folder = join(folder, '..');
});

const head = (...fields: string[]): string => `${['HTTP/1.1 200 OK', ...fields].join('\r\n')}\r\n\r\n`;
const whole = (body: Buffer, ...fields: string[]): Buffer =>
  Buffer.concat([Buffer.from(head(`content-length: ${body.length}`, 'connection: close', ...fields)), body]);
const failing = (status: number): string =>
  `HTTP/1.1 ${status} No\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<xml/>`;
const serve = async (...answers: ((socket: Socket) => void)[]): Promise<void> => {
  server = await startRawServer((socket, _, index) => answers[Math.min(index, answers.length - 1)]?.(socket));
  egress = createEgress({
    allow: [{ purpose: 'download', account: 'sim', scheme: 'http', host: '127.0.0.1', port: server.port }],
  });
};
const nothingDeclared: DeclaredOutput = { sha256: '', bytes: '0', mediaType: '' };
// Generous in time: server and client share this thread, and the machine is others' too.
const limits: OutputLimits = { ...defaultLimits, maxBytes: 2_000_000, retryPauseMs: 1 };
/** For what only a clock ends. */
const hasty: OutputLimits = { ...limits, idleTimeoutMs: 300, minBytesPerSecond: 1_000, rateGraceMs: 200 };
const fetch = async (
  declared: Partial<DeclaredOutput> = {},
  source: OutputSource = { kind: 'link', url: `${server.url}/o/1.png?signature=secret`, account: 'sim' },
  signal: AbortSignal = new AbortController().signal,
  within: OutputLimits = limits,
): Promise<FetchedOutput | OutputRejected> =>
  fetchOutput(
    { egress, objects, folder, decoding: gateFor(1), limits: within },
    source,
    { ...nothingDeclared, ...declared },
    signal,
  );
const reasonOf = (outcome: FetchedOutput | OutputRejected): string =>
  outcome instanceof OutputRejected ? outcome.reason.replace('REJECTION_REASON_', '') : 'fetched';
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const everySocketIsClosed = async (): Promise<void> => {
  const end = performance.now() + 3_000;
  while (server.connections.some(({ socket }) => !socket.destroyed)) {
    if (performance.now() > end) throw new Error('a connection was left behind');
    await new Promise((resolve) => setImmediate(resolve));
  }
};

describe('fetching an output', () => {
  it('brings a picture, hashed and told by its bytes whatever was said of it', async () => {
    await serve((socket) => socket.end(whole(png, 'content-type: application/octet-stream')));
    const outcome = await fetch({ sha256: sha256(png).toUpperCase(), bytes: String(png.length) });
    if (outcome instanceof OutputRejected) throw outcome;
    expect(outcome.image).toEqual({ mediaType: 'image/png', extension: 'png', width: 320, height: 200 });
    expect(outcome.file).toMatchObject({ bytes: png.length, sha256: sha256(png) });
    expect(outcome.declaredMediaType).toBe('application/octet-stream');
    expect(await readdir(folder)).toHaveLength(1);
    await outcome.file.discard();
    expect(await readdir(folder)).toEqual([]);
  });

  const drip = (socket: Socket, chunk: Buffer | string, everyMs: number): void => {
    const timer = setInterval(() => socket.write(chunk), everyMs);
    socket.once('close', () => clearInterval(timer));
  };
  // Made beforehand: server and client share this thread.
  const pixels = greyPng(14_000, 14_000);
  const bomb = gzipSync(Buffer.alloc(20_000_000));
  it.each<[string, string, number, (socket: Socket) => void, Partial<DeclaredOutput>]>([
    ['a link that ran out', 'LINK_EXPIRED', 1, (socket) => socket.end(failing(403)), {}],
    ['a link to nothing', 'LINK_EXPIRED', 1, (socket) => socket.end(failing(404)), {}],
    ['a server in trouble', 'DOWNLOAD_FAILED', 3, (socket) => socket.end(failing(503)), {}],
    ['an answer without a body', 'DOWNLOAD_FAILED', 3, (socket) => socket.end('HTTP/1.1 204 No\r\n\r\n'), {}],
    ['a part instead of the whole', 'DOWNLOAD_FAILED', 3, (socket) => socket.end(failing(206)), {}],
    ['a reset', 'DOWNLOAD_FAILED', 3, (socket) => socket.resetAndDestroy(), {}],
    [
      'a body cut before its announced end',
      'TRUNCATED',
      3,
      (socket) =>
        socket.end(Buffer.concat([Buffer.from(head(`content-length: ${png.length}`)), png.subarray(0, 500)])),
      {},
    ],
    [
      'a body cut, its length to match, when the vendor told the true one',
      'TRUNCATED',
      3,
      (socket) => socket.end(whole(png.subarray(0, 500))),
      { bytes: '60000' },
    ],
    [
      'a body cut, its length to match, when nothing was told',
      'NOT_AN_IMAGE',
      3,
      (socket) => socket.end(whole(png.subarray(0, png.length >> 1))),
      {},
    ],
    [
      'other bytes than declared',
      'CHECKSUM_MISMATCH',
      3,
      (socket) => socket.end(whole(png)),
      { sha256: '0'.repeat(64) },
    ],
    [
      'more bytes than declared',
      'CHECKSUM_MISMATCH',
      3,
      (socket) => socket.end(whole(png)),
      { bytes: '100' },
    ],
    [
      'a page',
      'NOT_AN_IMAGE',
      3,
      (socket) => socket.end(whole(Buffer.from('<!doctype html>'), 'content-type: image/png')),
      {},
    ],
    ['a pixel bomb', 'PIXEL_LIMIT', 1, (socket) => socket.end(whole(pixels)), {}],
    ['a gzip bomb', 'TOO_LARGE', 1, (socket) => socket.end(whole(bomb, 'content-encoding: gzip')), {}],
    [
      'nested encodings',
      'DOWNLOAD_FAILED',
      3,
      (socket) => socket.end(whole(bomb, 'content-encoding: gzip, gzip')),
      {},
    ],
    [
      'a stream without end',
      'TOO_LARGE',
      1,
      (socket) => {
        socket.write(head('content-type: image/png'));
        drip(socket, Buffer.alloc(64 * 1024), 1);
      },
      {},
    ],
    [
      'a redirect to a private address',
      'ADDRESS_REFUSED',
      1,
      (socket) => socket.end('HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/latest/\r\n\r\n'),
      {},
    ],
    [
      'a redirect to itself: an allowance does not reach that far',
      'ADDRESS_REFUSED',
      1,
      (socket) => socket.end('HTTP/1.1 302 Found\r\nlocation: /again\r\n\r\n'),
      {},
    ],
  ])(
    'refuses %s: %s after %d tries, and leaves nothing behind',
    async (_, reason, tries, answer, declared) => {
      await serve(answer);
      const outcome = await fetch(declared);
      expect(reasonOf(outcome)).toBe(reason);
      expect(server.requests).toHaveLength(tries);
      if (outcome instanceof OutputRejected) expect(outcome.detail).not.toContain('secret');
      await everySocketIsClosed();
      expect(await readdir(folder)).toEqual([]);
    },
  );

  it.each([
    ['a byte at a time', (socket: Socket) => drip(socket, 'a', 20)],
    ['silence', () => undefined],
  ])('gives %s up by the clock, and leaves nothing behind', async (_, goOn) => {
    await serve((socket) => {
      socket.write(head('content-length: 50000'));
      goOn(socket);
    });
    const outcome = await fetch({}, undefined, undefined, hasty);
    expect([reasonOf(outcome), server.requests.length]).toEqual(['DOWNLOAD_FAILED', 3]);
    await everySocketIsClosed();
    expect(await readdir(folder)).toEqual([]);
  });

  it.each(['file:///etc/passwd', 'data:image/png;base64,AAAA', 'http://127.0.0.1:22/', 'https://10.0.0.1/a'])(
    'refuses %s without calling anybody',
    async (url) => {
      await serve((socket) => socket.end(whole(png)));
      expect(reasonOf(await fetch({}, { kind: 'link', url, account: 'sim' }))).toBe('ADDRESS_REFUSED');
      expect(server.requests).toEqual([]);
    },
  );

  it('tries again what a bad moment explains', async () => {
    await serve(
      (socket) => socket.end(failing(502)),
      (socket) => socket.end(whole(png.subarray(0, 300))),
      (socket) => socket.end(whole(png)),
    );
    const outcome = await fetch();
    expect([reasonOf(outcome), server.requests.length]).toEqual(['fetched', 3]);
  });

  it('takes staged bytes, and says when they are gone', async () => {
    await serve((socket) => socket.end());
    const key = 'staging/one';
    await objects.put({
      key,
      body: png,
      bytes: png.length,
      sha256: sha256(png),
      contentType: 'application/octet-stream',
    });
    expect(reasonOf(await fetch({ sha256: sha256(png) }, { kind: 'staged', key }))).toBe('fetched');
    expect(reasonOf(await fetch({}, { kind: 'staged', key: 'staging/two' }))).toBe('LINK_EXPIRED');
  });

  it('ends with the signal, and that is no fault of the output', async () => {
    const stopping = new AbortController();
    await serve((socket) => {
      socket.write(head('content-length: 50000'));
      stopping.abort(new Error('stopping'));
    });
    const link = { kind: 'link', url: `${server.url}/1`, account: 'sim' } as const;
    await expect(fetch({}, link, stopping.signal)).rejects.toThrow('stopping');
    await everySocketIsClosed();
    expect(await readdir(folder)).toEqual([]);
  });
});
