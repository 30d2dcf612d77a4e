import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setImmediate as tick } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type RawServer, startRawServer } from '../testing/raw-server.js';
import { createEgress } from './create-egress.js';
import type { DownloadRequest, Egress } from './egress.js';

let server: RawServer;
let egress: Egress;

const serve = async (answer: (socket: Socket) => void): Promise<void> => {
  server = await startRawServer(answer);
  egress = createEgress({
    allow: [{ purpose: 'download', account: 'sim', scheme: 'http', host: '127.0.0.1', port: server.port }],
  });
};
const fetchAll = async (more: Partial<DownloadRequest> = {}): Promise<Buffer> => {
  const { stream } = await egress.download({
    account: 'sim',
    url: `${server.url}/o/1.png`,
    maxBytes: 100_000,
    idleTimeoutMs: 400,
    totalTimeoutMs: 3_000,
    minBytesPerSecond: 1_000,
    ...more,
  });
  return buffer(stream);
};
const everyConnectionIsClosed = async (): Promise<void> => {
  const end = performance.now() + 3_000;
  while (server.connections.some(({ socket }) => !socket.destroyed)) {
    if (performance.now() > end) throw new Error('a connection was left behind');
    await tick();
  }
};
const head = (...fields: string[]) => `${['HTTP/1.1 200 OK', ...fields].join('\r\n')}\r\n\r\n`;
const drip = (socket: Socket, chunk: string, everyMs: number): void => {
  const timer = setInterval(() => socket.write(chunk), everyMs);
  socket.once('close', () => clearInterval(timer));
};

afterEach(async () => {
  await everyConnectionIsClosed();
  await egress.stop();
  await server.stop();
});

describe('a download', () => {
  it('brings the bytes', async () => {
    await serve((socket) => socket.write(`${head('content-length: 5')}hello`));
    expect((await fetchAll()).toString()).toBe('hello');
  });

  it('decodes one encoding that was not asked for', async () => {
    const body = gzipSync('hello');
    await serve((socket) =>
      socket.write(
        Buffer.concat([Buffer.from(head(`content-length: ${body.length}`, 'content-encoding: gzip')), body]),
      ),
    );
    expect((await fetchAll()).toString()).toBe('hello');
  });

  it('tells the status and does not judge it', async () => {
    await serve((socket) => socket.write('HTTP/1.1 403 Forbidden\r\ncontent-length: 6\r\n\r\n<xml/>'));
    const download = await egress.download({
      account: 'sim',
      url: server.url,
      maxBytes: 100,
      idleTimeoutMs: 400,
      totalTimeoutMs: 3_000,
      minBytesPerSecond: 0,
    });
    expect([download.status, (await buffer(download.stream)).toString()]).toEqual([403, '<xml/>']);
  });

  const bomb = gzipSync(Buffer.alloc(10_000_000));
  it.each<[string, string, (socket: Socket) => void]>([
    [
      'cut before its announced end',
      'truncated',
      (socket) => socket.end(`${head('content-length: 50')}hello`),
    ],
    [
      'cut within a chunk',
      'truncated',
      (socket) => socket.end(`${head('transfer-encoding: chunked')}10\r\nhello`),
    ],
    [
      'reset within',
      'truncated',
      (socket) => socket.write(`${head('content-length: 50')}hello`, () => socket.resetAndDestroy()),
    ],
    ['announced larger than allowed', 'too_large', (socket) => socket.write(head('content-length: 100001'))],
    [
      'without end',
      'too_large',
      (socket) => {
        socket.write(head('transfer-encoding: chunked'));
        drip(socket, `4000\r\n${'a'.repeat(0x4000)}\r\n`, 1);
      },
    ],
    ['that falls silent', 'timeout', (socket) => socket.write(`${head('content-length: 50')}hello`)],
    ['that never starts', 'timeout', () => undefined],
    [
      'of a byte at a time',
      'too_slow',
      (socket) => {
        socket.write(head('content-length: 50000'));
        drip(socket, 'a', 20);
      },
    ],
    [
      'that is a gzip bomb',
      'too_large',
      (socket) =>
        socket.write(
          Buffer.concat([
            Buffer.from(head(`content-length: ${bomb.length}`, 'content-encoding: gzip')),
            bomb,
          ]),
        ),
    ],
    [
      'of broken gzip',
      'encoding',
      (socket) => socket.write(`${head('content-length: 5', 'content-encoding: gzip')}hello`),
    ],
    [
      'of nested encodings',
      'encoding',
      (socket) =>
        socket.write(
          `${head('content-length: 5', 'content-encoding: gzip, gzip, gzip, gzip, gzip, gzip')}hello`,
        ),
    ],
    ['that is not HTTP', 'malformed', (socket) => socket.end('220 mail.example ESMTP\r\n')],
    ['hung up on', 'reset', (socket) => socket.end()],
    [
      'redirected to itself',
      'refused',
      (socket) => socket.end('HTTP/1.1 302 Found\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n'),
    ],
    [
      'redirected to a private address',
      'refused',
      (socket) =>
        socket.end(
          'HTTP/1.1 302 Found\r\nlocation: https://169.254.169.254/latest\r\ncontent-length: 0\r\n\r\n',
        ),
    ],
    [
      'redirected to a file',
      'refused',
      (socket) =>
        socket.end('HTTP/1.1 302 Found\r\nlocation: file:///etc/passwd\r\ncontent-length: 0\r\n\r\n'),
    ],
    [
      'redirected with credentials',
      'refused',
      (socket) =>
        socket.end(
          'HTTP/1.1 302 Found\r\nlocation: https://a:b@vendor.example/\r\ncontent-length: 0\r\n\r\n',
        ),
    ],
  ])('%s fails as %s, and leaves nothing behind', async (_what, reason, answer) => {
    await serve(answer);
    await expect(fetchAll({ rateGraceMs: 200 })).rejects.toMatchObject({ name: 'DownloadError', reason });
    expect(server.requests).toHaveLength(1);
  });

  it('survives a vendor that hangs up while nobody reads yet', async () => {
    const body = Buffer.alloc(1_000_000, 'a');
    await serve((socket) =>
      socket.end(
        Buffer.concat([Buffer.from(head('connection: close', `content-length: ${body.length}`)), body]),
      ),
    );
    const { stream } = await egress.download({
      account: 'sim',
      url: server.url,
      maxBytes: 2_000_000,
      idleTimeoutMs: 3_000,
      totalTimeoutMs: 30_000,
      minBytesPerSecond: 0,
    });
    for (let turn = 0; turn < 50; turn += 1) await tick();
    expect((await buffer(stream)).length).toBe(body.length);
  });

  it('ends at its total time', async () => {
    await serve((socket) => {
      socket.write(head('content-length: 50000'));
      drip(socket, 'a'.repeat(100), 10);
    });
    await expect(fetchAll({ totalTimeoutMs: 300 })).rejects.toMatchObject({ reason: 'timeout' });
  });

  it('that nobody reads any more is cut off', async () => {
    await serve((socket) => {
      socket.write(head('content-length: 50000'));
      drip(socket, 'a'.repeat(100), 10);
    });
    const { stream } = await egress.download({
      account: 'sim',
      url: server.url,
      maxBytes: 100_000,
      idleTimeoutMs: 3_000,
      totalTimeoutMs: 30_000,
      minBytesPerSecond: 0,
    });
    stream.destroy();
    await everyConnectionIsClosed();
  });

  it('canceled by its caller ends at once', async () => {
    const canceler = new AbortController();
    await serve((socket) => {
      socket.write(head('content-length: 50000'));
      setImmediate(() => canceler.abort());
    });
    await expect(fetchAll({ signal: canceler.signal })).rejects.toMatchObject({ reason: 'canceled' });
  });

  it('from where nothing may be called is refused', async () => {
    await serve(() => undefined);
    for (const url of [
      'https://127.0.0.1/',
      'https://localhost/',
      `http://localhost:${server.port}/`,
      'data:image/png;base64,AAAA',
      'https://[::ffff:127.0.0.1]/',
    ])
      await expect(fetchAll({ url })).rejects.toMatchObject({ reason: 'refused' });
    await expect(fetchAll({ account: 'other' })).rejects.toMatchObject({ reason: 'refused' });
    expect(server.connections).toHaveLength(0);
  });
});
