import { z } from 'zod';

const schema = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.string()).optional(),
  format: z.string().optional(),
  minimum: z.number().optional(),
  items: z.looseObject({ enum: z.array(z.string()).optional() }).optional(),
});
const parameter = z.looseObject({ name: z.string(), in: z.enum(['path', 'query', 'header']), schema });
const content = z.record(
  z.string(),
  z.looseObject({ schema: z.looseObject({ $ref: z.string().optional() }) }),
);
const operation = z.looseObject({
  operationId: z.string(),
  security: z.array(z.unknown()).optional(),
  parameters: z.array(parameter).default([]),
  requestBody: z.looseObject({ content }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: content.optional() })),
});
const document = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), operation)) });

type Parameter = z.output<typeof parameter>;

/** What a test needs to know of a call to make it. */
export interface DocumentedOperation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  /** Whether it needs neither key nor link. */
  readonly isOpen: boolean;
  /** The collection and the name of each `{name}` in the path. */
  readonly segments: readonly { readonly collection: string; readonly name: string }[];
  readonly query: readonly Parameter[];
  readonly headers: readonly string[];
  /** Name of the body's schema. */
  readonly body: string | undefined;
  /** In which a good answer may come; empty where it has no body. */
  readonly mediaTypes: readonly string[];
}

/** All calls of an OpenAPI document. */
export function documentedOperations(text: string): readonly DocumentedOperation[] {
  const { paths } = document.parse(JSON.parse(text));
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]): DocumentedOperation => {
      const named = (where: Parameter['in']): Parameter[] =>
        described.parameters.filter((one) => one.in === where);
      const good = Object.entries(described.responses).filter(([status]) => status.startsWith('2'));
      return {
        id: described.operationId,
        method: method.toUpperCase(),
        path,
        isOpen: described.security?.length === 0,
        segments: [...path.matchAll(/(\w+)\/\{(\w+)\}|\{(\w+)\}/g)].map(
          ([, collection = '', name, other]) => ({
            collection,
            name: name ?? other ?? '',
          }),
        ),
        query: named('query'),
        headers: named('header').map(({ name }) => name.toLowerCase()),
        body: described.requestBody?.content['application/json']?.schema.$ref?.split('/').at(-1),
        mediaTypes: good.flatMap(([, answer]) => Object.keys(answer.content ?? {})),
      };
    }),
  );
}

/** A value that a parameter takes, by its schema; undefined where the schema does not say. */
export function valueOf({
  schema: { type, enum: words, items, format, minimum },
}: Parameter): string | undefined {
  const listed = words?.[0] ?? items?.enum?.join(',');
  if (listed !== undefined) return listed;
  if (type === 'integer') return String(minimum ?? 1);
  return format === 'date-time' ? '2026-01-01T00:00:00Z' : undefined;
}
