import { statusOfPhase } from '@darkroom/domain';
import { errorPage, problemCodes } from '@darkroom/platform';
import { openApiDocument } from './document.js';
import { operations } from './operations.js';

interface Schema {
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly type?: string | readonly string[];
  readonly $ref?: string;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

interface Document {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly parameters?: readonly { readonly name: string; readonly schema: Schema }[];
            readonly responses: Readonly<Record<string, unknown>>;
          }
        >
      >
    >
  >;
}

const document: Document = JSON.parse(JSON.stringify(openApiDocument(operations)));
const { schemas } = document.components;

/** The property behind names, through references, alternatives and lists. */
function at(name: string, ...path: string[]): Schema | undefined {
  let here: Schema | undefined = schemas[name];
  for (const step of path) {
    const whole: Schema | undefined = here?.anyOf?.find(({ properties }) => properties !== undefined) ?? here;
    here = (whole?.items ?? whole)?.properties?.[step];
  }
  const target = here?.$ref?.replace('#/components/schemas/', '');
  return target === undefined ? here : schemas[target];
}

it('names every word that a generation can show', () => {
  expect(at('Generation', 'status')?.enum?.toSorted()).toEqual(
    [...new Set(Object.values(statusOfPhase))].toSorted(),
  );
  expect(at('Generation', 'status_reason', 'code')?.enum).toEqual([
    'waiting_for_slot',
    'provider_capacity',
    'retry_scheduled',
    'provider_outage',
    'provider_paused',
    'submitting',
    'confirming_with_provider',
    'needs_attention',
    'canceling',
    'fetching_again',
  ]);
  expect(at('Generation', 'error', 'code')?.enum).toEqual([
    'invalid_request',
    'content_rejected',
    'provider_failed',
    'provider_unavailable',
    'deadline_exceeded',
    'artifact_unrecoverable',
    'incomplete_outputs',
    'outcome_unknown',
    'failed_by_operator',
    'erased',
  ]);
  expect(at('Artifact', 'media_type')?.enum).toEqual(['image/png', 'image/jpeg', 'image/webp']);
});

it('names every word of an error, each with a page', () => {
  const codes = at('Problem', 'code')?.enum ?? [];
  expect(codes.toSorted()).toEqual(Object.keys(problemCodes).toSorted());
  for (const code of codes)
    expect([code, typeof errorPage(code, { hasReference: true })]).toEqual([code, 'string']);
  expect(at('Problem', 'errors', 'code')?.enum).toEqual(
    expect.arrayContaining(['required', 'unknown_field', 'forbidden_key', 'invalid_text', 'unknown_model']),
  );
});

it('says for each status of each call which codes it may carry', () => {
  for (const [path, methods] of Object.entries(document.paths))
    for (const { responses } of Object.values(methods))
      for (const [status, response] of Object.entries(responses)) {
        if (Number(status) < 400) continue;
        expect([path, status, response]).toMatchObject([
          path,
          status,
          {
            content: {
              'application/problem+json': {
                schema: {
                  allOf: [
                    { $ref: '#/components/schemas/Problem' },
                    { properties: { status: { const: Number(status) }, code: { enum: expect.any(Array) } } },
                  ],
                },
              },
            },
          },
        ]);
      }
});

it('leaves no field open that is named like a list of words', () => {
  const listed = /^(?:code|status|charge|media_type|output_format)$/;
  const open: string[] = [];
  const look = (
    name: string,
    { properties = {}, items, anyOf = [], ...rest }: Schema,
    seen: number,
  ): void => {
    if (seen > 12 || rest.$ref !== undefined) return;
    for (const [key, property] of Object.entries(properties)) {
      const alternatives = property.anyOf ?? [property];
      const isOpen = alternatives.some(
        (one) => [one.type].flat().includes('string') && one.enum === undefined && one.const === undefined,
      );
      if (listed.test(key) && isOpen) open.push(`${name}.${key}`);
      look(`${name}.${key}`, property, seen + 1);
    }
    for (const one of [...anyOf, ...(items ? [items] : [])]) look(name, one, seen + 1);
  };
  for (const [name, one] of Object.entries(schemas)) look(name, one, 0);
  expect(open).toEqual([]);
  expect(at('FeedEvent', 'type')?.enum).toContain('GenerationCompleted');
  expect(at('HistoryEvent', 'type')?.enum).toContain('GenerationCompleted');
  for (const [path, name] of [
    ['/v1/generations', 'status'],
    ['/v1/events', 'type'],
  ] as const) {
    const parameter = document.paths[path]?.['get']?.parameters?.find((one) => one.name === name);
    expect(parameter).toMatchObject({ style: 'form', explode: false, schema: { type: 'array' } });
    expect(parameter?.schema.items?.enum?.length).toBeGreaterThan(3);
  }
});
