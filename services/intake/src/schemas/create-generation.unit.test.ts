import { createGenerationSchema } from './create-generation.js';
import { fieldErrorsOf } from './field-errors.js';

function check(text: string): unknown {
  const body: unknown = JSON.parse(text);
  const result = createGenerationSchema.safeParse(body);
  return result.success
    ? result.data
    : fieldErrorsOf(result.error.issues, body).map((error) => `${error.pointer} ${error.code}`);
}
const withField = (field: string): unknown => check(`{"prompt":"p",${field}}`);
const prompt = (text: string): unknown => check(JSON.stringify({ prompt: text }));

describe('body of POST /v1/generations', () => {
  it('needs nothing but a prompt', () => {
    expect(check('{"prompt":"  a red bicycle\\n"}')).toEqual({
      prompt: 'a red bicycle',
      size: '1024x1024',
      count: 1,
      output_format: 'png',
      deadline_seconds: 86_400,
    });
  });

  it('keeps what is only unusual exactly', () => {
    const unusual = "a\u2028b \u202Ertl\u202C e\u0301 \u{1F600} \u001b[31m '; DROP TABLE x; -- <b>";
    expect(prompt(unusual)).toMatchObject({ prompt: unusual });
    expect(prompt('\u{1F600}'.repeat(4000))).toMatchObject({ prompt: '\u{1F600}'.repeat(4000) });
  });

  it.each([
    ['{}', ['/prompt required']],
    ['{"prompt":null}', ['/prompt invalid_type']],
    ['{"prompt":""}', ['/prompt too_short']],
    ['{"prompt":" \\n\\t "}', ['/prompt too_short']],
    [JSON.stringify({ prompt: '\u{1F600}'.repeat(4001) }), ['/prompt too_long']],
    [JSON.stringify({ prompt: '\u0301'.repeat(4001) }), ['/prompt too_long']],
    ['[]', [' invalid_type']],
    ['null', [' invalid_type']],
    ['"x"', [' invalid_type']],
  ])('%.40s', (body, errors) => {
    expect(check(body)).toEqual(errors);
  });

  it.each([
    ['"size":"63x64"', '/size out_of_range'],
    ['"size":"4097x64"', '/size out_of_range'],
    ['"size":"1024"', '/size invalid_format'],
    ['"size":"01024x64"', '/size invalid_format'],
    ['"size":"1e3x1e3"', '/size invalid_format'],
    ['"size":1024', '/size invalid_type'],
    ['"count":0', '/count out_of_range'],
    ['"count":9', '/count out_of_range'],
    ['"count":1.5', '/count invalid_type'],
    ['"count":"1"', '/count invalid_type'],
    ['"min_count":2', '/min_count out_of_range'],
    ['"seed":-1', '/seed out_of_range'],
    ['"seed":4294967296', '/seed out_of_range'],
    ['"seed":9007199254740993', '/seed out_of_range'],
    ['"seed":1e309', '/seed invalid_type'],
    ['"output_format":"gif"', '/output_format not_allowed'],
    ['"deadline_seconds":9', '/deadline_seconds out_of_range'],
    ['"deadline_seconds":604801', '/deadline_seconds out_of_range'],
    ['"metadata":[]', '/metadata invalid_type'],
    ['"metadata":{"a":1}', '/metadata/a invalid_type'],
    ['"metadata":{"":"x"}', '/metadata/ too_long'],
    ['"metadata":{"a/b~c":{}}', '/metadata/a~1b~0c invalid_type'],
    [`"metadata":{"${'k'.repeat(65)}":"x"}`, `/metadata/${'k'.repeat(64)} too_long`],
    [`"metadata":{"a":"${'v'.repeat(513)}"}`, '/metadata/a too_long'],
    ['"status":"succeeded"', '/status unknown_field'],
    ['"tenant":"other"', '/tenant unknown_field'],
    ['"cost":0', '/cost unknown_field'],
    ['"constructor":{}', '/constructor unknown_field'],
    ['"__proto__":{}', '/__proto__ unknown_field'],
  ])('refuses %.50s', (field, error) => {
    expect(withField(field)).toEqual([error]);
  });

  it('takes 16 pairs and refuses 17', () => {
    const pairs = (n: number): string =>
      JSON.stringify(Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, 'v'])));
    expect(withField(`"metadata":${pairs(16)}`)).toMatchObject({ metadata: { k15: 'v' } });
    expect(withField(`"metadata":${pairs(17)}`)).toEqual(['/metadata too_many']);
  });

  it('answers hostile JSON in bounded time', () => {
    const before = process.cpuUsage();
    expect(withField(`"metadata":${'['.repeat(10_000)}${']'.repeat(10_000)}`)).toEqual([
      expect.stringContaining('invalid_type'),
    ]);
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`f${i}`, 1]));
    expect(check(JSON.stringify({ prompt: 'p', ...many }))).toHaveLength(20);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(1_000);
  });
});
