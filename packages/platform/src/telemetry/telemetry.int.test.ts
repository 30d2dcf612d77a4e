import type { Socket } from 'node:net';
import { Body, Controller, Module, Post, Req } from '@nestjs/common';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { createHttpApp } from '../http/http-app.js';
import { traceparentOf } from '../http/request-trace.js';
import { createLogger } from '../logging/logger.js';
import { type RawServer, startRawServer } from '../testing/raw-server.js';
import { startTelemetry, type Telemetry } from './start-telemetry.js';
import { currentTraceparent, inSpan, traceIdOf } from './trace-context.js';

const exported = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(z.unknown()) }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.looseObject({
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              name: z.string(),
              kind: z.number(),
              startTimeUnixNano: z.string(),
              endTimeUnixNano: z.string(),
              status: z.looseObject({ code: z.number() }),
            }),
          ),
        }),
      ),
    }),
  ),
});

const logger = createLogger({ service: 'test', level: 'silent' });
const clientTrace = '0af7651916cd43dd8448eb211c80319c';
let collector: RawServer;
let telemetry: Telemetry | undefined;
const bodies: string[] = [];

const collect = async (answer: (socket: Socket) => void): Promise<void> => {
  collector = await startRawServer((socket, _head, _index, body) => {
    bodies.push(body);
    answer(socket);
  });
};
const ok = (socket: Socket): void => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
const start = (endpoint: string | undefined, flushEveryMs = 60_000): Telemetry =>
  (telemetry = startTelemetry({ service: 'test', endpoint, logger, flushEveryMs }));
const spans = () =>
  bodies.flatMap((body) =>
    exported
      .parse(JSON.parse(body))
      .resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
  );

afterEach(async () => {
  await telemetry?.stop();
  await collector?.stop();
  bodies.length = 0;
});

@Controller('items')
class ItemsController {
  @Post() async create(@Body() _: unknown, @Req() request: FastifyRequest): Promise<object> {
    await new Promise((resolve) => setImmediate(resolve));
    return { inside: currentTraceparent(), request: traceparentOf(request) };
  }
}
@Module({ controllers: [ItemsController] })
class TestModule {}

describe('telemetry', () => {
  it('records nothing without an endpoint', async () => {
    start(undefined);
    await inSpan('work', { traceparent: null }, async () => {
      expect(currentTraceparent()).toBeUndefined();
      expect(trace.getActiveSpan()).toBeUndefined();
    });
  });

  it('sends spans with their parents, times and failures as OTLP JSON', async () => {
    await collect(ok);
    const running = start(`${collector.url}/base/`);
    const traceparent = `00-${clientTrace}-b7ad6b7169203331-01`;
    await expect(
      inSpan('outer', { traceparent, attributes: { 'a.number': 1, 'a.list': ['x'] } }, async () => {
        await new Promise((resolve) => setImmediate(resolve));
        await inSpan('inner', { traceparent: currentTraceparent() }, async () => undefined);
        throw new RangeError('a secret');
      }),
    ).rejects.toThrow('a secret');
    await running.stop();
    expect(collector.requests[0]).toContain('POST /base/v1/traces ');
    const [inner, outer] = spans();
    expect(outer).toMatchObject({
      name: 'outer',
      traceId: clientTrace,
      parentSpanId: 'b7ad6b7169203331',
      kind: 1,
      status: { code: SpanStatusCode.ERROR, message: 'RangeError' },
    });
    expect(inner).toMatchObject({ name: 'inner', traceId: clientTrace, parentSpanId: outer?.spanId });
    expect(Number(outer?.endTimeUnixNano)).toBeGreaterThan(Number(outer?.startTimeUnixNano));
    expect(Math.abs(Number(outer?.endTimeUnixNano) / 1e6 - Date.now())).toBeLessThan(60_000);
    expect(bodies.join()).not.toContain('a secret');
  });

  it("makes a server span below the client's, in which the handler runs", async () => {
    await collect(ok);
    const running = start(collector.url);
    const app = await createHttpApp(TestModule, { name: 'test', host: '127.0.0.1', port: 0, logger });
    const service = await app.start();
    const answer = await fetch(`${service.url}/items?token=secret`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        traceparent: `00-${clientTrace}-b7ad6b7169203331-01`,
      },
      body: '{}',
    });
    const seen = z.object({ inside: z.string(), request: z.string() }).parse(await answer.json());
    await service.stop();
    await running.stop();
    expect(traceIdOf(seen.inside)).toBe(clientTrace);
    expect(seen.inside).toBe(seen.request);
    const [span] = spans();
    expect(span).toMatchObject({ name: 'POST /items', kind: 2, parentSpanId: 'b7ad6b7169203331' });
    expect(seen.inside).toContain(span?.spanId);
    expect(bodies.join()).not.toContain('secret');
  });

  it('loses spans and nothing else while the collector is away or refuses', async () => {
    await collect((socket) => void socket.write('HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n'));
    const running = start(collector.url);
    for (let index = 0; index < 10_000; index += 1)
      await inSpan('work', { traceparent: null }, async () => undefined);
    await running.stop();
    expect(running.dropped()).toBe(10_000);
  });
});
