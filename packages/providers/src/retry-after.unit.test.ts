import { retryAfterSeconds } from './retry-after.js';

const now = Date.parse('2026-11-24T10:00:00Z');

describe('retryAfterSeconds', () => {
  it.each([
    ['2', 2],
    [' 2 ', 2],
    ['0', 0],
    ['1.2', 2],
    ['300', 300],
    ['1000000000', 300],
    ['Tue, 24 Nov 2026 10:00:07 GMT', 7],
    ['Tue, 24 Nov 2026 09:00:00 GMT', 0],
    ['Fri, 01 Jan 2100 00:00:00 GMT', 300],
    ['-1', null],
    ['1e9', null],
    ['soon', null],
    ['', null],
    ['NaN', null],
    ['Infinity', null],
    ['99999999999999999999999', null],
    [undefined, null],
  ])('%s is %s', (value, seconds) => {
    expect(retryAfterSeconds(value, now)).toBe(seconds);
  });
});
