import { newGenerationId } from '@darkroom/platform';
import { idTime } from './id-time.js';

it('reads the time of the example of RFC 9562', () => {
  expect(new Date(idTime('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')).toISOString()).toBe(
    '2022-02-22T19:22:22.000Z',
  );
});

it('reads the time of a new id', () => {
  const before = Date.now();
  const time = idTime(newGenerationId());
  expect(time).toBeGreaterThanOrEqual(before - 1);
  expect(time).toBeLessThanOrEqual(Date.now() + 1);
});
