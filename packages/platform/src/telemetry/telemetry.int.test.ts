import { createServer } from 'node:net';
import { once } from 'node:events';
import { Body, Controller, Module, Post, Req } from '@nestjs/common';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { createHttpApp } from '../http/http-app.js';
import { traceparentOf } from '../http/request-trace.js';
import { createLogger } from '../logging/logger.js';
import { OtlpReceiver } from '../testing/otlp-receiver.js';
import { startTelemetry, type Telemetry } from './start-telemetry.js';
import { inSpan } from './spans.js';
import { currentTraceparent, traceIdOf } from './traceparent.js';

const lines: string[] = [];
const logger = createLogger({
  service: 'test',
  level: 'warn',
  destination: { write: (line) => void lines.push(line) },
});
const clientTrace = '0af7651916cd43dd8448eb211c80319c';
let collector: OtlpReceiver;
let telemetry: Telemetry | undefined;

const start = (endpoint: string | undefined, flushEveryMs = 60_000): Telemetry =>
  (telemetry = startTelemetry({ service: 'test', endpoint, logger, flushEveryMs }));
const work = async (): Promise<void> => inSpan('work', { traceparent: null }, async () => undefined);

beforeEach(async () => {
  collector = await OtlpReceiver.start();
  lines.length = 0;
});
afterEach(async () => {
  await telemetry?.stop();
  telemetry = undefined;
  await collector.stop();
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

async function postItem(): Promise<{ inside: string | undefined; request: string }> {
  const app = await createHttpApp(TestModule, { name: 'test', host: '127.0.0.1', port: 0, logger });
  const service = await app.start();
  const answer = await fetch(`${service.url}/items?token=secret`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      // Not sampled, the caller says: whether we record is not theirs to say.
      traceparent: `00-${clientTrace}-b7ad6b7169203331-00`,
    },
    body: '{}',
  });
  const seen = z.object({ inside: z.string().optional(), request: z.string() }).parse(await answer.json());
  await service.stop();
  return { inside: seen.inside, request: seen.request };
}

describe('telemetry', () => {
  it('records nothing without an endpoint', async () => {
    start(undefined);
    await inSpan('work', { traceparent: null }, async () => {
      expect(currentTraceparent()).toBeUndefined();
      expect(trace.getActiveSpan()).toBeUndefined();
    });
  });

  it('sends spans with their parents, times and failures; stopping sends the last of them', async () => {
    const running = start(`${collector.url}/base/`);
    const traceparent = `00-${clientTrace}-b7ad6b7169203331-01`;
    await expect(
      inSpan('outer', { traceparent, attributes: { 'a.number': 1, 'a.list': ['x'] } }, async () => {
        await new Promise((resolve) => setImmediate(resolve));
        await inSpan('inner', {}, async () => undefined);
        throw new RangeError('a secret');
      }),
    ).rejects.toThrow('a secret');
    expect(collector.spans).toEqual([]);
    await running.stop();
    expect(collector.paths).toEqual(['/base/v1/traces']);
    const [inner, outer] = collector.spans;
    expect(outer).toMatchObject({
      service: 'test',
      name: 'outer',
      traceId: clientTrace,
      parentSpanId: 'b7ad6b7169203331',
      kind: 1,
      status: { code: SpanStatusCode.ERROR, message: 'RangeError' },
      attributes: { 'a.number': 1 },
    });
    expect(inner).toMatchObject({ name: 'inner', traceId: clientTrace, parentSpanId: outer?.spanId });
    expect(Number(outer?.endTimeUnixNano)).toBeGreaterThan(Number(outer?.startTimeUnixNano));
    expect(Math.abs(Number(outer?.endTimeUnixNano) / 1e6 - Date.now())).toBeLessThan(60_000);
    expect(collector.bodies.join()).not.toContain('a secret');
    expect(running.dropped()).toBe(0);
  });

  it("makes a server span below the client's, in which the handler runs", async () => {
    const running = start(collector.url);
    const seen = await postItem();
    await running.stop();
    expect(traceIdOf(seen.request)).toBe(clientTrace);
    expect(seen.inside).toBe(seen.request);
    const [span] = collector.spans;
    expect(span).toMatchObject({ name: 'POST /items', kind: 2, parentSpanId: 'b7ad6b7169203331' });
    expect(seen.inside).toContain(span?.spanId);
    expect(collector.bodies.join()).not.toContain('secret');
  });

  it('goes on sending after an outage, says so once, and counts what was lost', async () => {
    const running = start(collector.url, 1);
    collector.mood = 'refuse';
    for (let batch = 0; batch < 3; batch += 1) {
      const before = running.dropped();
      await work();
      while (running.dropped() === before) await new Promise((resolve) => setImmediate(resolve));
    }
    collector.mood = 'take';
    await work();
    await running.stop();
    expect(running.dropped()).toBe(3);
    expect(collector.spans).toHaveLength(1);
    expect(lines.filter((line) => line.includes('spans are lost'))).toHaveLength(1);
  });
});

/** A port on which nobody listens, so that connecting to it is refused. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

describe('a collector that is no use', () => {
  it.each([
    ['is away', async () => `http://127.0.0.1:${await deadPort()}`],
    [
      'hangs',
      async () => {
        collector.mood = 'hang';
        return collector.url;
      },
    ],
  ] as const)('%s: work goes on at its pace, memory is bounded, what is lost is counted', async (_, url) => {
    const idle = await timed(20_000);
    const running = start(await url(), 1);
    const before = process.memoryUsage().heapUsed;
    const recorded = await timed(20_000);
    // Recording costs some microseconds a span; waiting for a collector would cost seconds.
    expect(recorded - idle).toBeLessThan(8_000);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(150 * 1024 * 1024);
    const slowest = performance.now();
    expect((await postItem()).request).toContain(clientTrace);
    expect(performance.now() - slowest).toBeLessThan(4_500);
    const stopping = performance.now();
    await running.stop();
    expect(performance.now() - stopping).toBeLessThan(4_900);
    // The request's own span is the last one.
    expect(running.dropped()).toBe(20_001);
    expect(lines.filter((line) => line.includes('spans are lost'))).toHaveLength(1);
  });
});

async function timed(spans: number): Promise<number> {
  const began = performance.now();
  for (let index = 0; index < spans; index += 1) await work();
  return performance.now() - began;
}
