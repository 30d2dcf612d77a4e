import { sheetFor } from '@darkroom/providers';
import { createGenerationSchema } from '../schemas/create-generation.js';
import { beyondLimits, resolveModel } from './resolve-model.js';

const schnell = 'replicate/black-forest-labs/flux-schnell';
const offered = [schnell, 'sim/standard'];
const routes = {
  fast: { models: [schnell, 'sim/standard'], equivalence: null },
  gone: { models: ['sim/keyed'], equivalence: null },
};
const routeOf = (asked: string | undefined, defaultRoute: readonly string[]) =>
  resolveModel(asked, defaultRoute, routes, offered)?.route;

it.each<[string, string | undefined, readonly string[], readonly string[] | undefined]>([
  ['a model', 'sim/standard', [], ['sim/standard']],
  ['a route', 'fast', [], [schnell, 'sim/standard']],
  ['a model that is not offered', 'sim/keyed', [], undefined],
  ['a route over one', 'gone', [], undefined],
  ['a name of the language', 'constructor', [], undefined],
  ["nothing: the tenant's route", undefined, ['sim/standard'], ['sim/standard']],
  [
    'nothing, where part of it is offered no more',
    undefined,
    ['sim/keyed', 'sim/standard'],
    ['sim/standard'],
  ],
  ['nothing, where none of it is', undefined, ['sim/keyed'], [schnell]],
])('%s', (_what, asked, defaultRoute, route) => {
  expect(routeOf(asked, defaultRoute)).toEqual(route);
});

it('names the sizes of a model that makes no others', () => {
  const sheet = sheetFor(schnell);
  if (sheet === undefined) throw new Error('no sheet');
  const of = (size: string) =>
    beyondLimits(createGenerationSchema.parse({ prompt: 'a boat', size }), [sheet]);
  expect(of('1344x768')).toEqual([]);
  expect(of('1300x700')).toMatchObject([{ message: expect.stringContaining('1344x768') }]);
});
