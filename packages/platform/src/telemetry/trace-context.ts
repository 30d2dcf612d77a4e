import {
  type Attributes,
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

const pattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

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

/** The context to start a span in: below the span that a `traceparent` names, else a trace of its own. */
export function parentContext(traceparent: string | null | undefined): Context {
  const [, traceId, spanId, flags] = pattern.exec(traceparent ?? '') ?? [];
  if (!traceId || !spanId || !flags || !traceIdOf(traceparent ?? '')) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
  });
}

/** Runs work in a short span below the one that a `traceparent` names; an error marks it and comes through. */
export async function inSpan<T>(
  name: string,
  options: { readonly traceparent: string | null | undefined; readonly attributes?: Attributes },
  run: () => Promise<T>,
): Promise<T> {
  const { traceparent, attributes = {} } = options;
  const tracer = trace.getTracer('@darkroom/platform');
  return tracer.startActiveSpan(name, { attributes }, parentContext(traceparent), async (span) => {
    try {
      return await run();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'error' });
      throw error;
    } finally {
      span.end();
    }
  });
}
