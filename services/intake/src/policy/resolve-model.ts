import type { FieldError } from '@darkroom/platform';
import type { Route } from '@darkroom/provider-accounts';
import { type CapabilitySheet, type ModelLimits, sheetFor } from '@darkroom/providers';
import type { CreateGeneration } from '../schemas/create-generation.js';
import { codePoints } from './code-points.js';
import { fieldError } from '../schemas/field-errors.js';

/** Names that stand for several models, tried in order. */
export type Routes = Readonly<Record<string, Route>>;

/** What a request's `model` means. */
export interface ResolvedModel {
  /** As asked for; the first of the tenant's route where nothing was. */
  readonly name: string;
  readonly route: readonly string[];
  /** Of each model of the route. */
  readonly sheets: readonly CapabilitySheet[];
}

/** The models behind a name; undefined where there is none, or a route names one that is not offered. */
export function resolveModel(
  asked: string | undefined,
  defaultRoute: readonly string[],
  routes: Routes,
  offered: readonly string[],
): ResolvedModel | undefined {
  const named = asked === undefined ? routeWithout(defaultRoute, offered) : routeOf(asked, routes);
  const sheets = named.map((model) => (offered.includes(model) ? sheetFor(model) : undefined));
  const known = sheets.filter((sheet) => sheet !== undefined);
  const [first] = named;
  if (first === undefined || known.length !== sheets.length) return undefined;
  return { name: asked ?? first, route: named, sheets: known };
}

/** What a request without a model gets: of the tenant's route what is offered still, else the first model that is. */
export function routeWithout(defaultRoute: readonly string[], offered: readonly string[]): readonly string[] {
  const left = defaultRoute.filter((model) => offered.includes(model));
  return left.length > 0 ? left : offered.slice(0, 1);
}

function routeOf(asked: string, routes: Routes): readonly string[] {
  return Object.hasOwn(routes, asked) ? (routes[asked]?.models ?? []) : [asked];
}

/** What the request asks that some model of its route cannot do: any of them may get it. */
export function beyondLimits(request: CreateGeneration, sheets: readonly CapabilitySheet[]): FieldError[] {
  const found = new Map<string, FieldError>();
  for (const { limits } of sheets) {
    const wrongSize = whatIsWrongWithSize(request.size, limits);
    if (wrongSize !== undefined) found.set('size', fieldError(['size'], 'not_supported', wrongSize));
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

/** In words for the client; undefined: the model makes it. */
function whatIsWrongWithSize(size: string, limits: ModelLimits): string | undefined {
  const { minSide, maxSide, sizes, sideStep, maxPixels } = limits;
  const [width = 0, height = 0] = size.split('x').map(Number);
  if (sizes !== undefined && !sizes.includes(size))
    return `must be one of ${sizes.join(', ')} for this model`;
  if (sizes !== undefined) return undefined;
  if (Math.min(width, height) < minSide || Math.max(width, height) > maxSide)
    return `each side must be ${minSide} to ${maxSide} for this model`;
  if (sideStep !== undefined && (width % sideStep !== 0 || height % sideStep !== 0))
    return `each side must be a multiple of ${sideStep} for this model`;
  return maxPixels !== undefined && width * height > maxPixels
    ? `must have at most ${maxPixels} pixels for this model`
    : undefined;
}
