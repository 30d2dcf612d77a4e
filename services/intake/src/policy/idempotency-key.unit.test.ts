import { parseIdempotencyKey } from './idempotency-key.js';

const parse = (...values: string[]) =>
  parseIdempotencyKey(values.flatMap((value) => ['Idempotency-Key', value]));

describe('Idempotency-Key', () => {
  it('takes 1 to 255 visible characters', () => {
    expect(parse('a')).toEqual({ kind: 'key', key: 'a' });
    expect(parse('k'.repeat(255))).toEqual({ kind: 'key', key: 'k'.repeat(255) });
  });

  it('reads quoted and bare as the same key', () => {
    expect(parse('"order-17"')).toEqual(parse('order-17'));
    expect(parse('"a\\"b\\\\c"')).toEqual({ kind: 'key', key: 'a"b\\c' });
  });

  it.each([
    ['absent', [], 'missing'],
    ['empty', [''], 'missing'],
    ['empty quotes', ['""'], 'missing'],
    ['only spaces', ['   '], 'missing'],
    ['256 characters', ['k'.repeat(256)], 'malformed'],
    ['NUL', ['a\0b'], 'malformed'],
    ['emoji', ['key-\u{1F600}'], 'malformed'],
    ['a space inside', ['a b'], 'malformed'],
    ['half a quote', ['"abc'], 'malformed'],
    ['a quote inside quotes', ['"a"b"'], 'malformed'],
    ['one lonely quote', ['"'], 'malformed'],
    ['sent twice', ['a', 'b'], 'repeated'],
    ['sent twice with one value', ['a', 'a'], 'repeated'],
  ] as const)('refuses one that is %s', (_, values, refusal) => {
    expect(parse(...values)).toEqual({ kind: 'refused', refusal });
  });
});
