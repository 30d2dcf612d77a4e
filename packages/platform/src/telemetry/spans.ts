import {
  type Attributes,
  type Context,
  context,
  type Link,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { currentSubject } from './about.js';
import { spanAttributes } from './names.js';
import { parentContext, spanContextOf } from './traceparent.js';

const tracer = () => trace.getTracer('@darkroom/platform');

const kinds = {
  internal: SpanKind.INTERNAL,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** What a span says beside its name. */
export interface SpanFacts {
  /** The span above it; null: a trace of its own. Absent: the active one, else the subject's (see `about`). */
  readonly traceparent?: string | null;
  /** Default: internal. */
  readonly kind?: keyof typeof kinds;
  readonly attributes?: Attributes;
  /** Spans that belong to it and are not above it. */
  readonly links?: readonly SpanContext[];
}

function placed(facts: SpanFacts) {
  const { generation, traceparent } = currentSubject();
  const active = context.active();
  const parent: Context =
    facts.traceparent === undefined && trace.getSpanContext(active)
      ? active
      : parentContext(facts.traceparent === undefined ? traceparent : facts.traceparent);
  const links = (facts.links ?? []).map((one): Link => ({ context: one }));
  const attributes: Attributes = {
    ...(generation === undefined || facts.traceparent === null
      ? {}
      : { [spanAttributes.generation]: generation }),
    ...facts.attributes,
  };
  return { parent, options: { kind: kinds[facts.kind ?? 'internal'], attributes, links } };
}

/** Of an error its type alone: messages may hold what clients and vendors wrote. */
function markFailed(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'error' });
}

/** Runs work in a short span; an error marks it and comes through. */
export async function inSpan<T>(name: string, facts: SpanFacts, run: (span: Span) => Promise<T>): Promise<T> {
  const { parent, options } = placed(facts);
  return tracer().startActiveSpan(name, options, parent, async (span) => {
    try {
      return await run(span);
    } catch (error) {
      markFailed(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** When something began and ended, in milliseconds since the epoch. */
export interface Lasted {
  readonly from: number;
  readonly to: number;
  /** What it failed with. */
  readonly error?: unknown;
}

/**
 * Records what is over by now. Long phases, and work that may turn out to be not worth a span, are recorded so: a span that is
 * held open is lost with its process, and takes what was below it out of the tree.
 * @returns the span, to be linked to
 */
export function recordSpan(name: string, lasted: Lasted, facts: SpanFacts = {}): SpanContext {
  const { parent, options } = placed(facts);
  const { from, to, error } = lasted;
  const span = tracer().startSpan(name, { ...options, startTime: new Date(from) }, parent);
  if (error !== undefined) markFailed(span, error);
  span.end(new Date(Math.max(from, to)));
  return span.spanContext();
}

/** Notes on the active span that it continues what another trace began. */
export function linkActiveSpan(traceparent: string | null): void {
  const other = spanContextOf(traceparent ?? '');
  if (other) trace.getActiveSpan()?.addLink({ context: other });
}
