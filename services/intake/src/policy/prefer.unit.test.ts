import { parsePreferWait } from './prefer.js';

describe('Prefer: wait', () => {
  it.each([
    ['wait=20', 20],
    ['respond-async, wait=5', 5],
    ['Wait = "7"; x=1', 7],
    ['wait=0', 0],
    ['wait=600', 60],
    [['handling=lenient', 'wait=3'], 3],
  ])('%s asks for %d s', (header, seconds) => {
    expect(parsePreferWait(header)).toBe(seconds);
  });

  it.each([
    undefined,
    '',
    'wait',
    'wait=',
    'wait=-1',
    'wait=1.5',
    'wait=abc',
    'awaits=3',
    `wait=${'9'.repeat(30)}`,
  ])('ignores %s', (header) => {
    expect(parsePreferWait(header)).toBeUndefined();
  });
});
