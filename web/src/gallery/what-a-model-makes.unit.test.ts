import type { Model } from '../api/schemas.js';
import { countsOf, sizesOf, within } from './what-a-model-makes.js';

const modelWith = (limits: Partial<Model['limits']>): Model => ({
  id: 'a/model',
  limits: { min_side: 64, max_side: 4096, max_count: 8, output_formats: ['png', 'jpeg'], ...limits },
});
const chosen = { size: '1024x1024', count: 4 };

it('leaves a choice that the model makes as it is, its format to Darkroom', () => {
  expect(within(modelWith({}), chosen)).toEqual(chosen);
  expect(within(modelWith({ output_formats: undefined }), chosen)).toEqual(chosen);
});

it('asks a model that makes one picture for one, whatever was chosen for another model', () => {
  const model = modelWith({ max_count: 1 });
  expect(countsOf(model)).toEqual([1]);
  expect(within(model, chosen)).toMatchObject({ count: 1 });
});

it('asks for the format that the model makes where the usual one is not among them', () => {
  expect(within(modelWith({ output_formats: ['webp'] }), chosen)).toMatchObject({ output_format: 'webp' });
});

it('offers sizes that the model makes alone, and takes its first where another was chosen', () => {
  const model = modelWith({ sizes: ['1344x768'] });
  expect(sizesOf(model)).toEqual(['1344x768']);
  expect(within(model, chosen)).toMatchObject({ size: '1344x768' });
  expect(sizesOf(modelWith({ side_step: 1024 }))).toEqual(['1024x1024', '2048x2048']);
  expect(sizesOf(modelWith({ max_pixels: 300_000 }))).toEqual(['512x512']);
});
