import { randomBytes } from 'node:crypto';
import { fromPublicId } from '@darkroom/platform';
import type { OtlpReceiver, ReceivedSpan } from '@darkroom/platform/testing';
import { getGeneration, isFinal, type Target } from './client.js';
import { until } from './until.js';

/** Whoever calls us, with a trace of their own. */
export interface Caller {
  readonly traceId: string;
  readonly spanId: string;
}
/** A new one. */
export const caller = (): Caller => ({
  traceId: randomBytes(16).toString('hex'),
  spanId: randomBytes(8).toString('hex'),
});

/** Spans of every generation that goes well, on whatever transport. */
export const steps = [
  'POST /v1/generations',
  'append',
  'process GenerationRequested',
  'queue wait',
  'submit',
  'attempt',
  'process OutputsProduced',
  'download output',
  'verify output',
  'put output',
  'storing',
  'process GenerationCompleted',
];

/** Asks for a picture in the caller's trace, under a key of its own. */
export async function post(
  target: Target,
  { traceId, spanId }: Caller,
  body: object,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${target.intake}/v1/generations`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${target.demo_key}`,
      'content-type': 'application/json',
      'idempotency-key': spanId,
      traceparent: `00-${traceId}-${spanId}-01`,
      ...headers,
    },
    body: JSON.stringify({ prompt: 'a lantern', size: '128x128', ...body }),
  });
}

/** The id that a 202 tells. */
export async function accepted(response: Response): Promise<string> {
  expect(response.status).toBe(202);
  const { data } = (await response.json()) as { data: { id: string } };
  return data.id;
}

/** How it ended. */
export async function ended(target: Target, id: string): Promise<string> {
  return until('an end', 40, async () => {
    const seen = await getGeneration(target, id);
    return isFinal(seen) ? seen.status : undefined;
  });
}

/** The caller's trace as the collector has it; fails where a span of the generation is elsewhere, or hangs in the air. */
export function traceOf(collector: OtlpReceiver, { traceId, spanId }: Caller, id: string): ReceivedSpan[] {
  const generation = fromPublicId('gen', id);
  const own = collector.spans.filter((span) => span.attributes['darkroom.generation.id'] === generation);
  expect(own.length).toBeGreaterThan(0);
  expect(new Set(own.map((span) => span.traceId))).toEqual(new Set([traceId]));
  const trace = collector.spans.filter((span) => span.traceId === traceId);
  const known = new Set([spanId, ...trace.map((span) => span.spanId)]);
  const inTheAir = trace.filter(({ parentSpanId }) => !known.has(parentSpanId ?? ''));
  expect(inTheAir.map(({ name, parentSpanId }) => ({ name, parentSpanId }))).toEqual([]);
  expect(new Set(trace.map((span) => span.spanId)).size).toBe(trace.length);
  expect(trace.length).toBeLessThanOrEqual(60);
  return trace;
}

/** A client may read the end before the read models have heard of it: what hears of it last. */
export async function heardToTheEnd(collector: OtlpReceiver, { traceId }: Caller): Promise<void> {
  await until('the read models heard of the end', 20, async () =>
    collector.spans.some(
      (span) =>
        span.traceId === traceId &&
        span.name === 'process GenerationCompleted' &&
        String(span.attributes['messaging.consumer.group.name']).startsWith('projections'),
    )
      ? true
      : undefined,
  );
}
