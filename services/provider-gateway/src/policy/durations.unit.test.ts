import * as fc from 'fast-check';
import { bucketOf, usualOf } from './durations.js';

const histogramOf = (durations: readonly number[]): Map<number, number> => {
  const histogram = new Map<number, number>();
  for (const ms of durations) histogram.set(bucketOf(ms), (histogram.get(bucketOf(ms)) ?? 0) + 1);
  return histogram;
};

it('says what is usual within a tenth, whatever the durations', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 3_600_000 }), { minLength: 20, maxLength: 300 }),
      (all) => {
        const sorted = all.toSorted((a, b) => a - b);
        const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? NaN;
        const usual = usualOf(histogramOf(all));
        expect((usual?.p50Ms ?? NaN) / at(0.5)).toBeGreaterThan(0.9);
        expect((usual?.p50Ms ?? NaN) / at(0.5)).toBeLessThan(1.1);
        expect((usual?.p95Ms ?? NaN) / at(0.95)).toBeGreaterThan(0.9);
        expect((usual?.p95Ms ?? NaN) / at(0.95)).toBeLessThan(1.1);
      },
    ),
  );
});

it('says nothing of a few', () => {
  expect(usualOf(histogramOf(Array.from({ length: 19 }, () => 1_000)))).toBeUndefined();
  expect(usualOf(new Map())).toBeUndefined();
});
