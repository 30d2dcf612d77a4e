import { randomBytes } from 'node:crypto';
import {
  type Attributes,
  type AttributeValue,
  type Context,
  context,
  type Exception,
  type Link,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
  trace,
  TraceFlags,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api';

/** A span that has ended. Times are nanoseconds since the epoch. */
export interface EndedSpan {
  readonly scope: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly context: SpanContext;
  readonly parentSpanId: string | undefined;
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Attributes;
  readonly status: SpanStatus;
  readonly links: readonly Link[];
  readonly events: readonly { readonly name: string; readonly at: bigint; readonly attributes: Attributes }[];
}

const mostAttributes = 64;
const mostEvents = 32;

function nanoseconds(time: TimeInput | undefined): bigint {
  if (time === undefined) return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6));
  if (Array.isArray(time)) return BigInt(time[0]) * 1_000_000_000n + BigInt(time[1]);
  return BigInt(Math.round(Number(time) * 1e6));
}

class RecordingSpan implements Span {
  private readonly attributes: Attributes = {};
  private readonly events: EndedSpan['events'][number][] = [];
  private readonly links: Link[];
  private status: SpanStatus = { code: SpanStatusCode.UNSET };
  private readonly start: bigint;
  private ended = false;

  constructor(
    private readonly scope: string,
    private name: string,
    private readonly own: SpanContext,
    private readonly parentSpanId: string | undefined,
    private readonly options: SpanOptions,
    private readonly onEnd: (span: EndedSpan) => void,
  ) {
    this.start = nanoseconds(options.startTime);
    this.links = [...(options.links ?? [])];
    this.setAttributes(options.attributes ?? {});
  }

  spanContext(): SpanContext {
    return this.own;
  }
  setAttribute(key: string, value: AttributeValue): this {
    if (key in this.attributes || Object.keys(this.attributes).length < mostAttributes)
      this.attributes[key] = value;
    return this;
  }
  setAttributes(attributes: Attributes): this {
    for (const [key, value] of Object.entries(attributes))
      if (value !== undefined) this.setAttribute(key, value);
    return this;
  }
  addEvent(name: string, second?: Attributes | TimeInput, third?: TimeInput): this {
    const isTime = typeof second === 'number' || second instanceof Date || Array.isArray(second);
    const attributes = isTime || second === undefined ? {} : second;
    if (this.events.length < mostEvents)
      this.events.push({ name, at: nanoseconds(isTime ? second : third), attributes });
    return this;
  }
  addLink(link: Link): this {
    this.links.push(link);
    return this;
  }
  addLinks(links: Link[]): this {
    this.links.push(...links);
    return this;
  }
  setStatus(status: SpanStatus): this {
    this.status = status;
    return this;
  }
  updateName(name: string): this {
    this.name = name;
    return this;
  }
  isRecording(): boolean {
    return !this.ended;
  }
  /** The type of the error alone: messages may hold what clients and vendors wrote. */
  recordException(exception: Exception, time?: TimeInput): void {
    const type = typeof exception === 'object' && 'name' in exception ? exception.name : undefined;
    this.addEvent('exception', { 'exception.type': type ?? 'Error' }, time);
  }
  end(endTime?: TimeInput): void {
    if (this.ended) return;
    this.ended = true;
    const { scope, name, own, parentSpanId, start, attributes, status, links, events } = this;
    const kind = this.options.kind ?? SpanKind.INTERNAL;
    this.onEnd({
      scope,
      name,
      kind,
      context: own,
      parentSpanId,
      start,
      end: nanoseconds(endTime),
      attributes,
      status,
      links,
      events,
    });
  }
}

/** Tracers whose spans are all recorded; each is handed to `onEnd`. */
export function recordingTracers(onEnd: (span: EndedSpan) => void): TracerProvider {
  const tracerOf = (scope: string): Tracer => {
    const startSpan = (
      name: string,
      options: SpanOptions = {},
      parentContext: Context = context.active(),
    ): Span => {
      const parent = options.root === true ? undefined : trace.getSpanContext(parentContext);
      const own: SpanContext = {
        traceId: parent?.traceId ?? randomBytes(16).toString('hex'),
        spanId: randomBytes(8).toString('hex'),
        traceFlags: TraceFlags.SAMPLED,
      };
      return new RecordingSpan(scope, name, own, parent?.spanId, options, onEnd);
    };
    // The overloads differ in where the function stands: last in all of them.
    const startActiveSpan: Tracer['startActiveSpan'] = (name: string, ...rest: unknown[]) => {
      const fn = rest.pop() as (span: Span) => unknown;
      const [options, parent = context.active()] = rest as [SpanOptions?, Context?];
      const span = startSpan(name, options, parent);
      return context.with(trace.setSpan(parent, span), () => fn(span));
    };
    return { startSpan, startActiveSpan };
  };
  return { getTracer: (name) => tracerOf(name) };
}
