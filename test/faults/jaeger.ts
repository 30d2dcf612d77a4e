import { z } from 'zod';
import { until } from './until.js';

/** OTLP as JSON: attribute values are tagged with their type. */
const value = z.object({ stringValue: z.string().optional(), intValue: z.string().optional() });
const attribute = z.object({ key: z.string(), value });
const span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  startTimeUnixNano: z.string(),
  endTimeUnixNano: z.string(),
  attributes: z.array(attribute).default([]),
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
});
const answer = z.object({
  result: z.object({
    resourceSpans: z
      .array(
        z.object({
          resource: z.object({ attributes: z.array(attribute).default([]) }),
          scopeSpans: z.array(z.object({ spans: z.array(span) })),
        }),
      )
      .default([]),
  }),
});

/** A span as Jaeger has it. */
export interface JaegerSpan {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** In milliseconds. */
  readonly lasted: number;
  readonly attributes: Readonly<Record<string, string>>;
}

const textOf = ({ stringValue, intValue }: z.output<typeof value>): string => stringValue ?? intValue ?? '';
const attributesOf = (list: readonly z.output<typeof attribute>[]): Record<string, string> =>
  Object.fromEntries(list.map(({ key, value: one }) => [key, textOf(one)]));

/** A trace by the query API of Jaeger; no spans where it has none yet. */
export async function traceAt(jaeger: string, traceId: string): Promise<JaegerSpan[]> {
  const response = await fetch(`${jaeger}/api/v3/traces/${traceId}`);
  if (response.status === 404) return [];
  if (!response.ok) throw new Error(`Jaeger answered ${response.status}: ${await response.text()}`);
  const { result } = answer.parse(await response.json());
  return result.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = attributesOf(resource.attributes)['service.name'] ?? '';
    return scopeSpans.flatMap(({ spans }) =>
      spans.map(({ attributes, parentSpanId, startTimeUnixNano, endTimeUnixNano, ...rest }) => ({
        ...rest,
        service,
        parentSpanId: parentSpanId === '' ? undefined : parentSpanId,
        lasted: Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1e6,
        attributes: attributesOf(attributes),
      })),
    );
  });
}

/** Waits until a trace has these spans. */
export async function traceWith(
  jaeger: string,
  traceId: string,
  names: readonly string[],
): Promise<JaegerSpan[]> {
  let seen: JaegerSpan[] = [];
  return until(
    'the whole trace in Jaeger',
    30,
    async () => {
      seen = await traceAt(jaeger, traceId);
      const have = new Set(seen.map(({ name }) => name));
      return names.every((name) => have.has(name)) ? seen : undefined;
    },
    () => JSON.stringify(seen.map(({ service, name }) => `${service}: ${name}`)),
  );
}
