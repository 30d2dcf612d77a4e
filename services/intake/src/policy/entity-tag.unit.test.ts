import { matchesEntityTag, weakEntityTag } from './entity-tag.js';

describe('entity tags', () => {
  const tag = weakEntityTag('gen', 1, 4);

  it('depend on every part and keep parts apart', () => {
    expect(tag).toMatch(/^W\/"[\w-]{22}"$/);
    expect(weakEntityTag('gen', 1, 4)).toBe(tag);
    expect(weakEntityTag('gen', 14)).not.toBe(tag);
    expect(weakEntityTag('gen', '1', 4)).not.toBe(tag);
  });

  it.each([
    [tag, true],
    [tag.slice(2), true],
    [`"x", ${tag}`, true],
    ['*', true],
    ['"x"', false],
    ['', false],
    [undefined, false],
  ])('If-None-Match: %s', (header, matches) => {
    expect(matchesEntityTag(header, tag)).toBe(matches);
  });
});
