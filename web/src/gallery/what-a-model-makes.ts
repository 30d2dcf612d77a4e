import type { Model } from '../api/schemas.js';

const usualSizes = ['512x512', '1024x1024', '1536x1024', '1024x1536', '2048x2048'];
const mostPictures = 4;
/** What Darkroom asks for where nobody says otherwise. */
const usualFormat = 'png';

/** Sizes that can be chosen: where a model makes certain ones alone, those. */
export function sizesOf(model: Model | undefined): readonly string[] {
  if (!model) return usualSizes;
  const { sizes, min_side, max_side, side_step, max_pixels } = model.limits;
  return (
    sizes ??
    usualSizes.filter((size) => {
      const sides = size.split('x').map(Number);
      const isWithin = sides.every(
        (side) => side >= min_side && side <= max_side && side % (side_step ?? 1) === 0,
      );
      return isWithin && sides.reduce((pixels, side) => pixels * side, 1) <= (max_pixels ?? Infinity);
    })
  );
}

/** How many pictures can be asked for at once. */
export const countsOf = (model: Model | undefined): readonly number[] =>
  Array.from({ length: Math.min(mostPictures, model?.limits.max_count ?? 1) }, (_, index) => index + 1);

/** What was chosen, as far as this model makes it: another may have been shown when it was chosen. */
export function within(
  model: Model,
  chosen: { readonly size: string; readonly count: number },
): { readonly size: string; readonly count: number; readonly output_format?: string } {
  const sizes = sizesOf(model);
  const formats = model.limits.output_formats ?? [usualFormat];
  const [format] = formats.includes(usualFormat) ? [] : formats;
  return {
    size: sizes.includes(chosen.size) ? chosen.size : (sizes[0] ?? chosen.size),
    count: Math.min(chosen.count, countsOf(model).length),
    ...(format === undefined ? {} : { output_format: format }),
  };
}
