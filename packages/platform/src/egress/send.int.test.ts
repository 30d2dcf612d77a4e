import type { Socket } from 'node:net';
import { setImmediate as tick } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type RawServer, startRawServer } from '../testing/raw-server.js';
import { createEgress } from './create-egress.js';
import type { Egress, EgressRequest } from './egress.js';

const ok = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}';
const bomb = gzipSync(Buffer.alloc(200_000));
let server: RawServer;
let egress: Egress;

async function serve(answer: Parameters<typeof startRawServer>[0]): Promise<void> {
  server = await startRawServer(answer);
  egress = createEgress({
    allow: [{ purpose: 'submit', account: 'sim', scheme: 'http', host: '127.0.0.1', port: server.port }],
  });
}
const submit = (more: Partial<EgressRequest> = {}): EgressRequest => ({
  purpose: 'submit',
  account: 'sim',
  method: 'POST',
  url: `${server.url}/v1/jobs`,
  headers: { 'content-type': 'application/json', authorization: 'Bearer k' },
  body: '{"prompt":"a"}',
  timeoutMs: 2_000,
  maxBytes: 1_000,
  ...more,
});
const past = () => performance.now() - 1;
const until = async (holds: () => boolean): Promise<void> => {
  const end = performance.now() + 3_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error('waited in vain');
    await tick();
  }
};

afterEach(async () => {
  await egress.stop();
  await server.stop();
});

describe('a call through egress', () => {
  it('brings the whole answer, whatever its status', async () => {
    await serve((socket) =>
      socket.write(
        'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 503 Busy\r\nRetry-After: 2\r\ncontent-length: 4\r\n\r\nbusy',
      ),
    );
    const outcome = await egress.send(submit());
    expect(outcome).toMatchObject({ kind: 'answer', status: 503, headers: { 'retry-after': '2' } });
    expect(outcome.kind === 'answer' && outcome.body.toString()).toBe('busy');
    expect(server.requests[0]).toMatch(/^POST \/v1\/jobs HTTP\/1\.1\r\n[^]*authorization: Bearer k/);
  });

  it('is not made once send_by has passed: no byte on a fresh connection', async () => {
    await serve((socket) => socket.write(ok));
    expect(await egress.send(submit({ sendByMonotonicMs: past() }))).toMatchObject({
      kind: 'not-sent',
      reason: 'send_by',
    });
    expect(await egress.send(submit({ sendByMonotonicMs: past(), freshConnection: true }))).toMatchObject({
      reason: 'send_by',
    });
    expect(server.connections.map(({ bytes }) => bytes)).toEqual([0, 0]);
  });

  it('is not made once send_by has passed: no byte more on a connection that was used', async () => {
    await serve((socket) => socket.write(ok));
    await egress.send(submit({ sendByMonotonicMs: performance.now() + 5_000 }));
    const before = server.connections[0]?.bytes;
    await tick();
    expect(await egress.send(submit({ sendByMonotonicMs: past() }))).toMatchObject({
      kind: 'not-sent',
      reason: 'send_by',
    });
    await until(() => server.connections[0]?.socket.destroyed === true);
    expect([server.connections.length, server.connections[0]?.bytes]).toEqual([1, before]);
  });

  it('is not made once send_by has passed: no byte on a prepared connection', async () => {
    await serve((socket) => socket.write(ok));
    const connection = await egress.prepare(submit());
    if (connection.kind !== 'ready') throw new Error(connection.error);
    await until(() => server.connections.length === 1);
    expect(await connection.send({ ...submit(), sendByMonotonicMs: past() })).toMatchObject({
      kind: 'not-sent',
      reason: 'send_by',
    });
    await connection.close();
    expect(server.connections.map(({ bytes }) => bytes)).toEqual([0]);
  });

  it('goes over the prepared connection and no other', async () => {
    await serve((socket) => socket.write(ok));
    await egress.send(submit());
    const connection = await egress.prepare(submit());
    if (connection.kind !== 'ready') throw new Error(connection.error);
    expect(await connection.send(submit())).toMatchObject({ kind: 'answer', status: 200 });
    await connection.close();
    expect(server.connections.map(({ requests }) => requests.length)).toEqual([1, 1]);
  });

  it('over a prepared connection that the server has closed is not sent', async () => {
    await serve((socket) => socket.write(ok));
    const connection = await egress.prepare(submit());
    if (connection.kind !== 'ready') throw new Error(connection.error);
    await until(() => server.connections.length === 1);
    server.connections[0]?.socket.end();
    await until(() => server.connections[0]?.socket.destroyed === true);
    expect(await connection.send(submit())).toMatchObject({ kind: 'not-sent', reason: 'closed' });
    await connection.close();
    expect(server.requests).toHaveLength(0);
  });

  it('whose connection was closed while idle is sent once, over a new one', async () => {
    await serve((socket, _, index) => (index === 0 ? socket.end(ok) : socket.write(ok)));
    await egress.send(submit());
    expect(await egress.send(submit())).toMatchObject({ kind: 'answer' });
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    ['reset before an answer', (socket: Socket) => socket.resetAndDestroy(), { reason: 'reset' }],
    ['closed before an answer', (socket: Socket) => socket.end(), { reason: 'reset' }],
    ['never answered', () => undefined, { reason: 'timeout' }],
    ['answered with garbage', (socket: Socket) => socket.end('SSH-2.0-OpenSSH\r\n'), { reason: 'malformed' }],
    [
      'cut in the middle of the answer',
      (socket: Socket) => socket.end('HTTP/1.1 201 Created\r\ncontent-length: 90\r\n\r\n{"id":"job_1'),
      { reason: 'reset', status: 201, partialBody: Buffer.from('{"id":"job_1') },
    ],
    [
      'answered without end',
      (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n${'a'.repeat(5_000)}`),
      { reason: 'too_large', status: 200 },
    ],
    [
      'answered with a gzip bomb',
      (socket: Socket) =>
        socket.write(
          Buffer.concat([
            Buffer.from(
              `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`,
            ),
            bomb,
          ]),
        ),
      { reason: 'malformed', status: 200 },
    ],
  ] as const)('%s is lost, and never sent again', async (_what, answer, expected) => {
    await serve(answer);
    const outcome = await egress.send(submit({ timeoutMs: 300 }));
    expect(outcome).toMatchObject({ kind: 'lost', ...expected });
    await tick();
    expect(server.requests).toHaveLength(1);
  });

  it('reset on a connection that was used before is lost, and never sent again', async () => {
    await serve((socket, _, index) => (index === 0 ? socket.write(ok) : socket.resetAndDestroy()));
    await egress.send(submit());
    expect(await egress.send(submit())).toMatchObject({ kind: 'lost' });
    expect(await egress.send(submit())).toMatchObject({ kind: 'lost' });
    expect(server.requests).toHaveLength(3);
  });

  it('to nobody, or to where it may not go, is not sent', async () => {
    await serve((socket) => socket.write(ok));
    const dead = await startRawServer(() => undefined);
    await dead.stop();
    const allow = [
      { purpose: 'submit', account: 'sim', scheme: 'http', host: '127.0.0.1', port: dead.port },
    ] as const;
    const other = createEgress({ allow });
    expect(await other.send(submit({ url: dead.url }))).toMatchObject({
      kind: 'not-sent',
      reason: 'connect',
    });
    expect(await other.prepare(submit({ url: dead.url }))).toMatchObject({
      kind: 'not-sent',
      reason: 'connect',
    });
    await other.stop();
    for (const refused of [
      { account: 'other' },
      { purpose: 'poll' as const },
      { url: 'https://localhost/' },
      { url: 'https://127.0.0.1/' },
      { url: 'https://[::1]/' },
      { url: 'file:///etc/passwd' },
    ]) {
      expect(await egress.send(submit(refused))).toMatchObject({ kind: 'not-sent', reason: 'refused' });
      expect(await egress.prepare(submit(refused))).toMatchObject({ kind: 'not-sent', reason: 'refused' });
    }
    expect(server.connections).toHaveLength(0);
  });

  it('with a header that would split the request is not sent', async () => {
    await serve((socket) => socket.write(ok));
    const headers = { 'x-a': 'b\r\nx-evil: 1' };
    expect(await egress.send(submit({ headers }))).toMatchObject({ kind: 'not-sent' });
  });

  it('canceled by its caller is lost after, and not sent before', async () => {
    await serve(() => canceler.abort());
    const canceler = new AbortController();
    expect(await egress.send(submit({ signal: canceler.signal }))).toMatchObject({
      kind: 'lost',
      reason: 'canceled',
    });
    expect(await egress.send(submit({ signal: canceler.signal }))).toMatchObject({
      kind: 'not-sent',
      reason: 'canceled',
    });
    expect(server.requests).toHaveLength(1);
  });

  it('after the stop is not sent', async () => {
    await serve((socket) => socket.write(ok));
    await egress.send(submit());
    await egress.stop();
    expect(await egress.send(submit())).toMatchObject({ kind: 'not-sent', reason: 'closed' });
  });
});
