import { type Attributes, SpanStatusCode } from '@opentelemetry/api';
import type { EndedSpan } from './recording-tracer.js';

/** Also for what the type of an attribute does not allow: a span must never fail its work. */
function anyValue(value: unknown): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map((one: unknown) => anyValue(one)) } };
  return {};
}

const keyValues = (attributes: Attributes): object[] =>
  Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValue(value) }],
  );

function spanJson(span: EndedSpan): object {
  const { context, parentSpanId, name, kind, start, end, attributes, status, links, events } = span;
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name,
    // The API counts from internal = 0, the protocol from unspecified = 0.
    kind: kind + 1,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(end),
    attributes: keyValues(attributes),
    links: links.map((link) => ({
      traceId: link.context.traceId,
      spanId: link.context.spanId,
      attributes: keyValues(link.attributes ?? {}),
    })),
    events: events.map((event) => ({
      name: event.name,
      timeUnixNano: String(event.at),
      attributes: keyValues(event.attributes),
    })),
    status: {
      code: status.code,
      ...(status.code === SpanStatusCode.ERROR && status.message ? { message: status.message } : {}),
    },
  };
}

/** An ExportTraceServiceRequest in the JSON of OTLP 1.x. */
export function otlpTraces(service: string, spans: readonly EndedSpan[]): string {
  const scopes = [...new Set(spans.map(({ scope }) => scope))];
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: keyValues({ 'service.name': service }) },
        scopeSpans: scopes.map((name) => ({
          scope: { name },
          spans: spans.filter(({ scope }) => scope === name).map((span) => spanJson(span)),
        })),
      },
    ],
  });
}
