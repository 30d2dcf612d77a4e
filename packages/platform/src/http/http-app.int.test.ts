import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { Body, Controller, Get, Module, Param, Post, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { createLogger } from '../logging/logger.js';
import type { RunningService } from '../process/running-service.js';
import { createHttpApp } from './http-app.js';
import { ProblemError } from './problem.js';
import { rawBodyOf } from './request-rules.js';

const item = z.strictObject({
  prompt: z.string().trim().min(1).max(20),
  count: z.int().min(1).max(8).default(1),
  metadata: z.record(z.string(), z.string()).optional(),
});
const page = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20) });

@Controller('items')
class ItemsController {
  @Post() create(
    @Body({ schema: item }) body: z.output<typeof item>,
    @Req() request: FastifyRequest,
  ): object {
    return { ...body, raw: rawBodyOf(request)?.length };
  }
  @Post('action') action(): object {
    return { done: true };
  }
  @Get() list(@Query({ schema: page }) query: z.output<typeof page>): object {
    return query;
  }
  @Get('broken') broken(): never {
    throw new Error('SELECT secret FROM /etc/passwd');
  }
  @Get('database-away') away(): never {
    throw Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:5432'), { code: 'ECONNREFUSED' });
  }
  @Get('limited') limited(): never {
    throw new ProblemError('rate_limited', 'Slow down.', { retryAfterSeconds: 1.2 });
  }
  @Get(':id') one(@Param('id') id: string): object {
    return { id };
  }
  @Post('large/one') large(@Body() body: unknown): object {
    return { size: JSON.stringify(body).length };
  }
}

@Module({ controllers: [ItemsController] })
class TestModule {}

let service: RunningService & { readonly url: string };
const lines: string[] = [];

beforeAll(async () => {
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ service: 'test', level: 'error', destination });
  const app = await createHttpApp(TestModule, {
    name: 'test',
    host: '127.0.0.1',
    port: 0,
    logger,
    bodyLimits: { '/items/large': 1_000_000 },
  });
  service = await app.start();
});
afterAll(async () => service.stop());

/** What these tests look at of any answer. */
const answerSchema = z.looseObject({
  trace_id: z.string().optional(),
  errors: z.array(z.looseObject({ pointer: z.string(), code: z.string() })).default([]),
  size: z.number().optional(),
});

const json = { 'content-type': 'application/json' };
const post = async (body: string | Buffer, headers: Record<string, string> = json, path = '/items') => {
  const answer = await fetch(service.url + path, { method: 'POST', headers, body });
  return { status: answer.status, headers: answer.headers, body: answerSchema.parse(await answer.json()) };
};
const pointers = (body: { errors: { pointer: string; code: string }[] }) =>
  body.errors.map(({ pointer, code }) => `${pointer} ${code}`);

async function raw(bytes: string): Promise<string> {
  const { port } = new URL(service.url);
  const socket = connect({ host: '127.0.0.1', port: Number(port) });
  await once(socket, 'connect');
  socket.end(bytes);
  return text(socket);
}

describe('an HTTP application', () => {
  it('validates, transforms, and keeps the raw body', async () => {
    expect(await post('{"prompt":" hi "}')).toMatchObject({
      status: 201,
      body: { prompt: 'hi', count: 1, raw: 17 },
    });
  });

  it('answers an invalid body with a 422 that points at each field', async () => {
    const { status, headers, body } = await post('{"prompt":"  ","count":99,"tenant":"x","a/b~c":1}');
    expect(status).toBe(422);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body).toMatchObject({
      code: 'invalid_fields',
      type: '/docs/errors/invalid_fields',
      status: 422,
      retryable: false,
      instance: '/items',
    });
    expect(body.trace_id).toMatch(/^[0-9a-f]{32}$/);
    expect(pointers(body).toSorted()).toEqual([
      '/a~1b~0c unknown_field',
      '/count too_big',
      '/prompt too_small',
      '/tenant unknown_field',
    ]);
  });

  it('takes the trace id from the client', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { body } = await post('{}', { ...json, traceparent });
    expect(body.trace_id).toBe('0af7651916cd43dd8448eb211c80319c');
  });

  it.each([
    ['{"prompt":"a","__proto__":{"count":2}}', '/__proto__ forbidden_key'],
    ['{"prompt":"a","metadata":{"constructor":"b"}}', '/metadata/constructor forbidden_key'],
    ['{"prompt":"a\\u0000b"}', '/prompt invalid_text'],
    ['{"prompt":"\\ud800"}', '/prompt invalid_text'],
    ['{"prompt":1e309}', '/prompt invalid_type'],
    ['{"prompt":"a","count":9007199254740993}', '/count too_big'],
  ])('refuses %s, naming the field', async (text, expected) => {
    const { status, body } = await post(text);
    expect(status).toBe(422);
    expect(pointers(body)).toContain(expected);
  });

  it('refuses nesting without end, in bounded time', async () => {
    const { status, body } = await post('['.repeat(20_000) + ']'.repeat(20_000));
    expect(status).toBe(422);
    expect(body.errors).toHaveLength(1);
    expect(body.errors[0]?.code).toBe('too_deep');
  });

  it.each([
    ['not JSON', '{"prompt":', json, 400, 'malformed_json'],
    ['an empty body', '', json, 400, 'malformed_json'],
    ['a byte order mark', '\uFEFF{"prompt":"a"}', json, 400, 'malformed_json'],
    [
      'bytes that are not UTF-8',
      Buffer.from('7b2270726f6d7074223a22ff227d', 'hex'),
      json,
      400,
      'invalid_encoding',
    ],
    ['plain text', '{"prompt":"a"}', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    [
      'a form',
      'prompt=a',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'unsupported_media_type',
    ],
    [
      'multipart',
      '--x--',
      { 'content-type': 'multipart/form-data; boundary=x' },
      415,
      'unsupported_media_type',
    ],
    ['a broken content type', '{}', { 'content-type': 'json' }, 415, 'unsupported_media_type'],
    ['UTF-16', '{}', { 'content-type': 'application/json; charset=utf-16' }, 415, 'unsupported_media_type'],
    [
      'gzip',
      gzipSync('{"prompt":"a"}'),
      { ...json, 'content-encoding': 'gzip' },
      415,
      'unsupported_media_type',
    ],
    ['64 KiB and a byte', JSON.stringify({ prompt: 'a'.repeat(64 * 1024) }), json, 413, 'body_too_large'],
  ])('refuses %s', async (_what, bytes, headers, status, code) => {
    expect(await post(bytes, headers)).toMatchObject({ status, body: { code } });
  });

  it('takes no body, and an empty one, where none is needed', async () => {
    expect((await fetch(`${service.url}/items/action`, { method: 'POST' })).status).toBe(201);
    expect((await post('', json, '/items/action')).status).toBe(201);
  });

  it('has larger limits where they were asked for', async () => {
    const { status, body } = await post(
      JSON.stringify({ prompt: 'a'.repeat(100_000) }),
      json,
      '/items/large/one',
    );
    expect([status, body.size]).toEqual([201, 100_013]);
  });

  it.each([
    ['/items?limit=-1', 400, 'invalid_query'],
    ['/items?limit=abc', 400, 'invalid_query'],
    ['/items?limit=5&limit=6', 400, 'invalid_query'],
    ['/items?other=1', 400, 'invalid_query'],
    ['/nothing/here', 404, 'not_found'],
    ['/items/%zz', 400, 'malformed_request'],
    ['/items/broken', 500, 'internal_error'],
    ['/items/database-away', 503, 'unavailable'],
    ['/items/limited', 429, 'rate_limited'],
  ])('answers %s with %d', async (path, status, code) => {
    const answer = await fetch(service.url + path);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const body = await answer.text();
    expect(body).not.toMatch(/SELECT|passwd|10\.0\.0\.1|node_modules/);
    expect([answer.status, JSON.parse(body).code]).toEqual([status, code]);
    if (status === 503 || status === 429) expect(answer.headers.get('retry-after')).toBe('2');
  });

  it.each([
    ['PUT', '/items', 'GET, HEAD, POST'],
    ['DELETE', '/items?limit=1', 'GET, HEAD, POST'],
    ['OPTIONS', '/items/action', 'GET, HEAD, POST'],
    ['TRACE', '/items/7', 'GET, HEAD'],
    ['PATCH', '/items/%2E%2e%20x', 'GET, HEAD'],
    ['GET', '/items/large/one', 'POST'],
  ])('answers %s %s with 405 and the methods that there are', async (method, path, allow) => {
    const said = await raw(`${method} ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    expect(said).toMatch(/^HTTP\/1\.1 405 [^]*application\/problem\+json[^]*"method_not_allowed"/);
    expect(/^allow: (.*)\r$/im.exec(said)?.[1]).toBe(allow);
  });

  it('answers a wrong method before it looks at the body', async () => {
    const answer = await fetch(`${service.url}/items`, { method: 'PUT', body: 'no JSON' });
    expect([answer.status, answer.headers.get('x-content-type-options')]).toEqual([405, 'nosniff']);
  });

  it('does not say that a path exists which does not', async () => {
    for (const path of ['/', '/item', '/items/', '/items/a/b', '/itemsx', '/ITEMS'])
      expect([path, (await fetch(service.url + path, { method: 'PUT' })).status]).toEqual([path, 404]);
  });

  it('answers HEAD where it answers GET', async () => {
    const [get, head] = await Promise.all(
      ['GET', 'HEAD'].map((method) => fetch(`${service.url}/items/7`, { method })),
    );
    expect(head?.status).toBe(200);
    expect(head?.headers.get('content-length')).toBe(get?.headers.get('content-length'));
    expect(await head?.text()).toBe('');
  });

  it('logs what is its own fault, and only that', async () => {
    lines.length = 0;
    await fetch(`${service.url}/items/broken`);
    await fetch(`${service.url}/nothing/here`);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({
      level: 'error',
      route: '/items/broken',
      err: { message: 'SELECT secret FROM /etc/passwd' },
    });
  });

  it('answers requests that are none', async () => {
    expect(await raw('GARBAGE\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 [^]*application\/problem\+json[^]*malformed_request/,
    );
    expect(await raw(`GET / HTTP/1.1\r\nhost: x\r\nbig: ${'a'.repeat(100_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
  });

  it('stops although somebody keeps a connection open', async () => {
    const app = await createHttpApp(TestModule, {
      name: 'second',
      host: '127.0.0.1',
      port: 0,
      logger: createLogger({ service: 'test', level: 'silent' }),
      drainMs: 50,
    });
    const second = await app.start();
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(second.url).port) });
    await once(socket, 'connect');
    socket.write(
      'POST /items HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
    );
    await Promise.all([second.stop(), second.stop()]);
    socket.destroy();
    await expect(fetch(`${second.url}/items`)).rejects.toThrow();
  });
});

it('a request that was on its way when the server was told to stop is answered as any other', async () => {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const app = await createHttpApp(TestModule, { name: 'leaving', host: '127.0.0.1', port: 0, logger });
  const leaving = await app.start();
  const { hostname, port } = new URL(leaving.url);
  const socket = connect({ host: hostname, port: Number(port) });
  await once(socket, 'connect');
  // With the head of the next, half: once the first is answered that is there, and the connection is not idle.
  socket.write('GET /items/6 HTTP/1.1\r\nhost: x\r\n\r\nGET /items/7 HTTP/1.1\r\nhost: x\r\n');
  const [first] = (await once(socket, 'data')) as [Buffer];
  expect(first.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  const stopped = leaving.stop();
  while (app.fastify.server.listening) await new Promise((resolve) => setImmediate(resolve));
  socket.write('\r\n');
  expect(await text(socket)).toMatch(/HTTP\/1\.1 200 OK\r\n[^]*"id":"7"/);
  await stopped;
});
