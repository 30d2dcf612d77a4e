import { type ProblemCode, problemCodes } from '@darkroom/platform';
import { z } from 'zod';
import type { Header, Operation, Success } from './operation.js';
import { problemSchema } from './response-schemas.js';

type Json = Readonly<Record<string, unknown>>;

/** The OpenAPI 3.1 document: made from the very schemas that check requests and that tests check answers with. */
export function openApiDocument(operations: readonly Operation[]): Json {
  const components = new SchemaComponents();
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of operations)
    (paths[operation.path] ??= {})[operation.method] = describeOperation(operation, components);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Darkroom',
      version: '1',
      description: 'One request, one charge: verified images, an honest failure, or a cancellation.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key, `dk_test_…`.' },
        session: { type: 'apiKey', in: 'cookie', name: 'darkroom_session' },
      },
      schemas: components.schemas,
    },
  };
}

/** Schemas that carry an id, once each; everything else stands where it is used. */
class SchemaComponents {
  readonly schemas: Record<string, unknown> = {};

  reference(schema: z.ZodType, io: 'input' | 'output'): unknown {
    const { $schema: _, $defs = {}, ...own } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
    for (const [id, definition] of Object.entries($defs)) this.schemas[id] = this.named(definition);
    return this.named(own);
  }

  /** The document keeps its definitions in one place, and names are theirs there. */
  private named(definition: unknown): unknown {
    const text = JSON.stringify(definition, (key, value: unknown) =>
      key === 'id' && typeof value === 'string' ? undefined : value,
    );
    return JSON.parse(text.replaceAll('"#/$defs/', '"#/components/schemas/'));
  }
}

function describeOperation(operation: Operation, components: SchemaComponents): Json {
  const parameters = [
    ...pathParameters(operation.path),
    ...queryParameters(operation.query),
    ...(operation.headers ?? []).map((header) => ({
      name: header.name,
      in: 'header',
      required: header.required ?? false,
      description: header.description,
      schema: { type: 'string', ...(header.pattern === undefined ? {} : { pattern: header.pattern }) },
    })),
  ];
  return {
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    ...(operation.access === 'key' ? { security: [{ key: [] }, { session: [] }] } : {}),
    ...(operation.access === 'key-or-link' ? { security: [{ key: [] }, { session: [] }, {}] } : {}),
    ...(operation.access === 'open' ? { security: [] } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(operation.body
      ? {
          requestBody: {
            required: operation.body.required,
            content: { 'application/json': { schema: components.reference(operation.body.schema, 'input') } },
          },
        }
      : {}),
    responses: {
      ...Object.fromEntries(
        operation.answers.map((answer) => [answer.status, describeSuccess(answer, components)]),
      ),
      ...problemResponses(operation, components),
    },
  };
}

function describeSuccess(answer: Success, components: SchemaComponents): Json {
  return {
    description: answer.description,
    ...(answer.headers ? { headers: headersOf(answer.headers) } : {}),
    ...(answer.content
      ? {
          content: Object.fromEntries(
            Object.entries(answer.content).map(([type, schema]) => [
              type,
              { schema: schema ? components.reference(schema, 'output') : { type: 'string' } },
            ]),
          ),
        }
      : {}),
  };
}

const headersOf = (headers: readonly Header[]): Json =>
  Object.fromEntries(
    headers.map(({ name, description, words }) => [
      name,
      { description, schema: { type: 'string', ...(words === undefined ? {} : { enum: words }) } },
    ]),
  );

/** What an id of each collection looks like: anything else is a 404 as well, since it names nothing. */
const idPrefixes: Readonly<Record<string, string>> = { generations: 'gen', artifacts: 'art' };

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/(\w+)\/\{(\w+)\}|\{(\w+)\}/g)].map(([, collection = '', id, other]) => {
    const prefix = idPrefixes[collection];
    const pattern = prefix === undefined ? {} : { pattern: `^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$` };
    return { name: id ?? other, in: 'path', required: true, schema: { type: 'string', ...pattern } };
  });
}

const objectSchema = z.object({
  properties: z.record(z.string(), z.looseObject({ description: z.string().optional() })),
});

function queryParameters(query: z.ZodType | undefined): Json[] {
  if (!query) return [];
  // A schema with an id of its own is a reference into the definitions.
  const { $ref, $defs = {}, ...own } = z.toJSONSchema(query, { io: 'input', unrepresentable: 'any' });
  const { properties } = objectSchema.parse($ref === undefined ? own : $defs[$ref.replace('#/$defs/', '')]);
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: false,
    ...(description === undefined ? {} : { description }),
    ...(schema['type'] === 'array' ? { style: 'form', explode: false } : {}),
    schema,
  }));
}

/** What any request may be answered with, wherever it goes. */
const ofAnyRequest: readonly ProblemCode[] = [
  'malformed_request',
  'request_timeout',
  'headers_too_large',
  'internal_error',
];
/** Of any that may have a body, also where none is asked for. */
const ofAnyBody: readonly ProblemCode[] = [
  'malformed_json',
  'invalid_encoding',
  'body_too_large',
  'unsupported_media_type',
  'invalid_fields',
];
const ofAnyCaller: readonly ProblemCode[] = ['unauthenticated', 'forbidden', 'unavailable'];
/** Answers with one of these say when to come back. */
const tellsWhen: ReadonlySet<ProblemCode> = new Set(['rate_limited', 'unavailable']);

/** What may always happen, beside what the operation names; several codes may share a status. */
function problemResponses(operation: Operation, components: SchemaComponents): Json {
  const usual: ProblemCode[] = [
    ...ofAnyRequest,
    ...(operation.method === 'get' ? [] : ofAnyBody),
    ...(operation.path.includes('{') ? (['uri_too_long'] as const) : []),
    ...(operation.access === 'open' ? [] : ofAnyCaller),
  ];
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of new Set([...operation.problems, ...usual])) {
    const { status } = problemCodes[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${problemCodes[code].title}`).join('; '),
        ...(codes.some((code) => tellsWhen.has(code))
          ? { headers: headersOf([{ name: 'Retry-After', description: 'Seconds to wait.' }]) }
          : {}),
        content: {
          'application/problem+json': {
            schema: {
              allOf: [
                components.reference(problemSchema, 'output'),
                { properties: { status: { const: status }, code: { enum: codes } } },
              ],
            },
          },
        },
      },
    ]),
  );
}
