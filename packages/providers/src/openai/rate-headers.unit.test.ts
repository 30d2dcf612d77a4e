import { restAfter } from './rate-headers.js';

const left = (remaining: string, reset?: string): number | undefined =>
  restAfter({
    status: 200,
    body: Buffer.of(),
    headers: {
      'x-ratelimit-remaining-requests': remaining,
      ...(reset === undefined ? {} : { 'x-ratelimit-reset-requests': reset }),
    },
  });

it.each([
  ['0', '1s', 1],
  ['0', '6m0s', 360],
  ['0', '20ms', 0.02],
  ['0', '1h2m3.5s', 3_723.5],
  ['1', '6m0s', undefined],
  ['0', undefined, undefined],
  ['0', 'soon', undefined],
  ['0', '-1s', undefined],
  ['0', '1', undefined],
  ['', '1s', undefined],
])('remaining %s, reset %s: %s', (remaining, reset, seconds) => {
  expect(left(remaining, reset)).toBe(seconds);
});

it('that are not there say nothing', () => {
  expect(restAfter({ status: 200, body: Buffer.of(), headers: {} })).toBeUndefined();
});
