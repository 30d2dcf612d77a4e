import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import { createLogger } from '../logging/logger.js';
import type { RunningService } from '../process/running-service.js';
import { createHttpApp } from './http-app.js';

@Controller('items')
class ItemsController {
  @Get() list(): object {
    return { items: [] };
  }
  @Post() create(@Body() body: unknown): object {
    return { taken: typeof body };
  }
}

@Module({ controllers: [ItemsController] })
class TestModule {}

let service: RunningService & { readonly url: string };
beforeAll(async () => {
  const app = await createHttpApp(TestModule, {
    name: 'test',
    host: '127.0.0.1',
    port: 0,
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  service = await app.start();
});
afterAll(async () => service.stop());

const isServed = async (): Promise<boolean> => (await fetch(`${service.url}/items`)).status === 200;

/** A client that does not hang up when the server does, and goes on sending for as long as it can. */
interface Stubborn {
  readonly socket: Socket;
  /** Everything that the server said. */
  said(): string;
  /** Resolves when it has said something. */
  readonly answered: Promise<unknown>;
  /** Resolves when there is room to send more. */
  drained(): Promise<unknown>;
  /** Resolves when the connection is closed. */
  readonly gone: Promise<unknown>;
}

async function stubborn(head: string): Promise<Stubborn> {
  const socket = connect({ port: Number(new URL(service.url).port), host: '127.0.0.1', allowHalfOpen: true });
  let said = '';
  socket.on('data', (data: Buffer) => (said += data.toString('latin1')));
  // It is cut in the middle of a write: that is how it should end.
  socket.on('error', () => undefined);
  const answered = new Promise((resolve) => socket.once('data', resolve));
  const gone = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  socket.write(head);
  const drained = async (): Promise<unknown> => new Promise((resolve) => socket.once('drain', resolve));
  return { socket, said: () => said, answered, drained, gone };
}

const post = 'POST /items HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
const problem = (status: number, code: string): RegExp =>
  new RegExp(`^HTTP/1\\.1 ${status} [^]*content-type: application/problem\\+json[^]*"${code}"`, 'i');

describe('a request that comes a byte at a time', () => {
  it.concurrent.each([
    { part: 'head', head: 'GET /items HTTP/1.1\r\nhost: x\r\nslow: ' },
    { part: 'body', head: `${post}content-length: 60000\r\n\r\n{"a":"` },
    { part: 'chunked body', head: `${post}transfer-encoding: chunked\r\n\r\n`, byte: '1\r\na\r\n' },
  ])('is answered 408 and cut, whatever its sender does: $part', async ({ head, byte = 'a' }) => {
    const began = performance.now();
    const client = await stubborn(head);
    const drip = setInterval(() => client.socket.write(byte), 100);
    try {
      await client.gone;
    } finally {
      clearInterval(drip);
      client.socket.destroy();
    }
    expect(client.said()).toMatch(problem(408, 'request_timeout'));
    // Ten seconds for a head and twenty for all of it; Node's own bound is a minute.
    expect(performance.now() - began).toBeLessThan(55_000);
    expect(await isServed()).toBe(true);
  });
});

describe('a body of 100 MB', () => {
  const size = 100 * 1024 * 1024;
  const piece = Buffer.alloc(256 * 1024, 'a');
  const chunk = Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);

  it.each([
    { how: 'with its length announced, before any of it came', head: `content-length: ${size}`, first: '' },
    { how: 'in chunks, once they were too many', head: 'transfer-encoding: chunked', first: chunk },
  ])('is refused $how; the rest is neither kept nor waited for', async ({ head, first }) => {
    const kept = (): number => process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    const before = kept();
    let most = 0;
    const client = await stubborn(`${post}${head}\r\n\r\n`);
    client.socket.write(first);
    await client.answered;
    expect(client.said()).toMatch(problem(413, 'body_too_large'));
    while (client.socket.bytesWritten < size && !client.socket.destroyed) {
      if (!client.socket.write(chunk)) await Promise.race([client.drained(), client.gone]);
      most = Math.max(most, kept() - before);
    }
    expect(client.socket.bytesWritten).toBeLessThan(size / 2);
    client.socket.destroy();
    expect(most).toBeLessThan(size / 2);
    expect(await isServed()).toBe(true);
  });
});
