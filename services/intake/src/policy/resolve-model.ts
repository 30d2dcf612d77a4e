import type { FieldError } from '@darkroom/platform';
import { type CapabilitySheet, sheetFor } from '@darkroom/providers';
import type { CreateGeneration } from '../schemas/create-generation.js';
import { codePoints } from './code-points.js';
import { fieldError } from '../schemas/field-errors.js';

/** Names that stand for several models, tried in order. */
export type Routes = Readonly<Record<string, readonly string[]>>;

/** What a request's `model` means. */
export interface ResolvedModel {
  /** As asked for; the first of the tenant's route where nothing was. */
  readonly name: string;
  readonly route: readonly string[];
  /** Of each model of the route. */
  readonly sheets: readonly CapabilitySheet[];
}

/** The models behind a name; undefined where there is none, or a route names one that nobody has. */
export function resolveModel(
  asked: string | undefined,
  defaultRoute: readonly string[],
  routes: Routes,
): ResolvedModel | undefined {
  const named = asked === undefined ? defaultRoute : routeOf(asked, routes);
  const sheets = named.map((model) => sheetFor(model));
  const known = sheets.filter((sheet) => sheet !== undefined);
  const [first] = named;
  if (first === undefined || known.length !== sheets.length) return undefined;
  return { name: asked ?? first, route: named, sheets: known };
}

function routeOf(asked: string, routes: Routes): readonly string[] {
  return Object.hasOwn(routes, asked) ? (routes[asked] ?? []) : [asked];
}

/** What the request asks that some model of its route cannot do: any of them may get it. */
export function beyondLimits(request: CreateGeneration, sheets: readonly CapabilitySheet[]): FieldError[] {
  const found = new Map<string, FieldError>();
  for (const { limits } of sheets) {
    const [width = 0, height = 0] = request.size.split('x').map(Number);
    if (Math.min(width, height) < limits.minSide || Math.max(width, height) > limits.maxSide)
      found.set(
        'size',
        fieldError(
          ['size'],
          'not_supported',
          `each side must be ${limits.minSide} to ${limits.maxSide} for this model`,
        ),
      );
    if (request.count > limits.maxCount)
      found.set(
        'count',
        fieldError(['count'], 'not_supported', `must be at most ${limits.maxCount} for this model`),
      );
    if (!limits.formats.includes(request.output_format))
      found.set(
        'output_format',
        fieldError(
          ['output_format'],
          'not_supported',
          `must be one of ${limits.formats.join(', ')} for this model`,
        ),
      );
    if (codePoints(request.prompt) > limits.maxPromptLength)
      found.set(
        'prompt',
        fieldError(
          ['prompt'],
          'not_supported',
          `must be at most ${limits.maxPromptLength} characters for this model`,
        ),
      );
  }
  return [...found.values()];
}
