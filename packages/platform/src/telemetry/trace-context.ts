import { isSpanContextValid, trace } from '@opentelemetry/api';

const pattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

/** The active span's context as a W3C `traceparent`; undefined outside of a trace. */
export function currentTraceparent(): string | undefined {
  const context = trace.getActiveSpan()?.spanContext();
  if (!context || !isSpanContextValid(context)) return undefined;
  return `00-${context.traceId}-${context.spanId}-${context.traceFlags.toString(16).padStart(2, '0')}`;
}

/** The trace id inside a `traceparent`; undefined when it is not a valid one. */
export function traceIdOf(traceparent: string): string | undefined {
  const [, traceId, spanId] = pattern.exec(traceparent) ?? [];
  return traceId && !/^0+$/.test(traceId) && !/^0+$/.test(spanId ?? '0') ? traceId : undefined;
}
