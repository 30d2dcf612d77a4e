import { type Context, isSpanContextValid, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';

const pattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The active span's context as a W3C `traceparent`; undefined outside of a trace. */
export function currentTraceparent(): string | undefined {
  const context = trace.getActiveSpan()?.spanContext();
  if (!context || !isSpanContextValid(context)) return undefined;
  return `00-${context.traceId}-${context.spanId}-${context.traceFlags.toString(16).padStart(2, '0')}`;
}

/** The span that a `traceparent` names; undefined when it is not a valid one. */
export function spanContextOf(traceparent: string): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = ''] = pattern.exec(traceparent) ?? [];
  const named = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(named) ? named : undefined;
}

/** The trace id inside a `traceparent`; undefined when it is none, or not a valid one. */
export function traceIdOf(traceparent: string | null): string | undefined {
  return spanContextOf(traceparent ?? '')?.traceId;
}

/** Where a trace is looked at, by a template in which `{trace_id}` stands for its id; null without one. */
export const traceUrl = (template: string | undefined, traceId: string): string | null =>
  template?.replaceAll('{trace_id}', traceId) ?? null;

/** The context to start a span in: below the span that a `traceparent` names, else a trace of its own. */
export function parentContext(traceparent: string | null | undefined): Context {
  const parent = spanContextOf(traceparent ?? '');
  return parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
}
