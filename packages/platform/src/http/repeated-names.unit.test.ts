import { assert, jsonValue, property, string } from 'fast-check';
import { repeatedNames } from './repeated-names.js';

it.each([
  ['{"a":1,"a":2}', ['a']],
  ['{"a":{"b":1,"b":2,"a":3},"c":[{"d":1},{"d":1,"d":2}]}', ['b', 'd']],
  // One name, spelled in two ways.
  ['{"a":1,"\\u0061":2}', ['a']],
  ['{"__proto__":1,"__proto__":2}', ['__proto__']],
  // Values, names in strings and names of different objects are none.
  ['{"a":"a","b":["a","a","{\\"a\\":1,\\"a\\":2}"],"c":{"a":1}}', []],
  ['["a","a"]', []],
  ['"a"', []],
])('%s: %j', (text, names) => expect(repeatedNames(text)).toEqual(names));

it('finds none in what JSON.stringify writes, and one where a member is written twice', () => {
  assert(
    property(jsonValue(), string(), (value, name) => {
      const member = `${JSON.stringify(name)}:${JSON.stringify(value)}`;
      expect(repeatedNames(JSON.stringify(value))).toEqual([]);
      expect(
        repeatedNames(`{${member}, "other ${'x'.repeat(name.length)}":[{${member}}],${member}}`),
      ).toEqual([name]);
    }),
  );
});
