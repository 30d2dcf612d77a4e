import { newUuid, traceIdOf } from '@darkroom/platform';
import { acceptedEnvelope, generationEnvelope, problemSchema } from '../openapi/response-schemas.js';
import { startTestIntake, type TestIntake } from '../testing/test-intake.js';

interface Problem {
  code: string;
}

let intake: TestIntake;
beforeAll(async () => {
  intake = await startTestIntake();
});
afterAll(() => intake.stop());

const path = '/v1/generations';
const prompt = 'a red bicycle in the rain';

function post(body: unknown, headers: Record<string, string | readonly string[]> = {}) {
  return intake.call({ method: 'POST', path, headers: { 'idempotency-key': newUuid(), ...headers }, body });
}

async function stored(): Promise<number> {
  const [row] = await intake.database.sql`select count(*)::int as n from event_store.streams`;
  return Number(row?.['n']);
}

describe('what is accepted', () => {
  it('answers 202 with where to look, and keeps what was asked with its defaults', async () => {
    const answer = await post({ prompt: `  ${prompt} ` });
    expect(answer.status).toBe(202);
    const { data } = answer.json(acceptedEnvelope);
    expect(data.id).toMatch(/^gen_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(data).toEqual({
      id: data.id,
      status: 'queued',
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      links: {
        self: `${path}/${data.id}`,
        events: `${path}/${data.id}/events`,
        cancel: `${path}/${data.id}/cancel`,
      },
    });
    expect(answer.headers).toMatchObject({ location: `${path}/${data.id}`, 'retry-after': '1' });
    expect(answer.headers).not.toHaveProperty('idempotency-replayed');

    const found = await intake.call({ path: data.links.self });
    expect(found.status).toBe(200);
    expect(found.json(generationEnvelope).data).toMatchObject({
      id: data.id,
      run: 1,
      version: 1,
      status: 'queued',
      prompt,
      model: 'sim/standard',
      requested: { size: '1024x1024', count: 1, output_format: 'png', seed: expect.any(Number) },
      cost: { currency: 'USD', estimated_micros: '40000', actual_micros: null },
      metadata: {},
      created_at: data.created_at,
    });
  });

  it('stores one event, its prompt and salt apart, with its digest, route, price, deadline and trace', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const answer = await post(
      { prompt, count: 3, min_count: 2, seed: 0, deadline_seconds: 60, metadata: { order: 'o-17' } },
      { traceparent },
    );
    const [event] = await intake.database.sql`
      select type, data, personal, metadata from event_store.events order by position desc limit 1`;
    expect(event?.['personal']).toEqual({ prompt, promptSalt: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(JSON.stringify(event?.['data'])).not.toContain('bicycle');
    expect(event?.['data']).toMatchObject({
      promptDigest: { saltedSha256: expect.stringMatching(/^[0-9a-f]{64}$/), length: prompt.length },
      model: 'sim/standard',
      route: ['sim/standard'],
      width: 1024,
      height: 1024,
      count: 3,
      minCount: 2,
      seed: 0,
      outputFormat: 'OUTPUT_FORMAT_PNG',
      metadata: { order: 'o-17' },
      deadlineSeconds: 60,
      estimatedCost: { micros: '120000', currency: 'USD' },
    });
    const { requestedAt, deadline } = event?.['data'] ?? {};
    expect(Date.parse(deadline) - Date.parse(requestedAt)).toBe(60_000);
    expect(event?.['metadata']).toMatchObject({ tenant: 'demo', traceparent });
    expect(traceIdOf(traceparent)).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
    expect(answer.status).toBe(202);
  });

  it.each([
    ['every model', { model: 'sim/keyed' }],
    ['the largest size', { size: '4096x64' }],
    ['the largest count', { count: 8, min_count: 1 }],
    ['the largest seed', { seed: 4_294_967_295 }],
    ['every format', { output_format: 'webp' }],
    ['the shortest deadline', { deadline_seconds: 10 }],
    ['the longest deadline', { deadline_seconds: 604_800 }],
    [
      '16 pairs of metadata',
      { metadata: Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`k${n}`, 'v'])) },
    ],
    ['the longest prompt', { prompt: '🚲'.repeat(4_000) }],
    ['what is odd but text', { prompt: 'line\u2028 bidi \u202Ertl\u202C <b>"\'; drop table\u001b[31m' }],
  ])('takes %s', async (_, fields) => {
    const answer = await post({ prompt, ...fields });
    expect([answer.status, answer.text]).toEqual([202, expect.any(String)]);
    if ('prompt' in fields) {
      const found = await intake.call({ path: answer.headers.location ?? '' });
      expect(found.json<{ data: { prompt: string } }>().data.prompt).toBe(fields.prompt);
    }
  });

  it('gives another tenant its own route', async () => {
    const answer = await post({ prompt }, { authorization: `Bearer ${intake.foreignKey}` });
    expect(answer.status).toBe(202);
    const found = await intake.bare({
      path: answer.headers.location ?? '',
      headers: { authorization: `Bearer ${intake.foreignKey}` },
    });
    expect(found.json<{ data: { model: string } }>().data.model).toBe('sim/keyed');
  });
});

describe('the key', () => {
  it.each([
    ['quoted', '"k-1-quoted"', 'k-1-quoted'],
    ['255 characters', 'x'.repeat(255), 'x'.repeat(255)],
    ['with escapes', String.raw`"a\"b\\c"`, String.raw`a"b\c`],
  ])('%s is the same as bare', async (_, sent, bare) => {
    const first = await post({ prompt }, { 'idempotency-key': sent });
    const second = await post({ prompt }, { 'idempotency-key': bare });
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.text).toBe(first.text);
    expect(second.headers).toMatchObject({
      'idempotency-replayed': 'true',
      location: first.headers.location,
    });
  });

  it.each<[string, string | readonly string[], string]>([
    ['empty', '', 'idempotency_key_missing'],
    ['empty quotes', '""', 'idempotency_key_missing'],
    ['256 characters', 'x'.repeat(256), 'idempotency_key_invalid'],
    ['with a space', 'a b', 'idempotency_key_invalid'],
    ['with an emoji', Buffer.from('k🚲').toString('latin1'), 'idempotency_key_invalid'],
    ['half quoted', '"abc', 'idempotency_key_invalid'],
    ['sent twice', ['a', 'b'], 'idempotency_key_invalid'],
    ['sent twice alike', ['a', 'a'], 'idempotency_key_invalid'],
  ])('%s is refused', async (_, key, code) => {
    const before = await stored();
    const answer = await post({ prompt }, { 'idempotency-key': key });
    expect(answer.status).toBe(400);
    expect(answer.json<Problem>().code).toBe(code);
    expect(await stored()).toBe(before);
  });

  it('missing is refused', async () => {
    const answer = await intake.call({ method: 'POST', path, body: { prompt } });
    expect([answer.status, answer.json<Problem>().code]).toEqual([400, 'idempotency_key_missing']);
  });

  it('is one generation for a reordered body, and a mismatch for another', async () => {
    const key = { 'idempotency-key': newUuid() };
    const first = await post({ prompt, seed: 7 }, key);
    const again = await post({ seed: 7, prompt }, key);
    const other = await post({ prompt, seed: 8 }, key);
    expect(again.text).toBe(first.text);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect([other.status, other.json<Problem>().code]).toEqual([422, 'idempotency_mismatch']);
  });

  it('is looked up before models', async () => {
    const key = newUuid();
    const first = await post({ prompt, model: 'sim/standard' }, { 'idempotency-key': key });
    const other = await post({ prompt, model: 'sim/withdrawn' }, { 'idempotency-key': key });
    expect(first.status).toBe(202);
    expect(other.json<Problem>().code).toBe('idempotency_mismatch');
  });

  it('belongs to its tenant', async () => {
    const key = { 'idempotency-key': newUuid() };
    const mine = await post({ prompt }, key);
    const foreign = await post({ prompt }, { ...key, authorization: `Bearer ${intake.foreignKey}` });
    expect(foreign.status).toBe(202);
    expect(foreign.headers).not.toHaveProperty('idempotency-replayed');
    expect(foreign.headers.location).not.toBe(mine.headers.location);
  });

  it('makes one generation of 100 requests at once', async () => {
    const before = await stored();
    const key = { 'idempotency-key': newUuid() };
    const answers = await Promise.all(Array.from({ length: 100 }, () => post({ prompt }, key)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers['idempotency-replayed'] === undefined)).toHaveLength(1);
    expect(await stored()).toBe(before + 1);
  });

  it('is known after a restart', async () => {
    const key = { 'idempotency-key': newUuid() };
    const first = await post({ prompt }, key);
    await intake.restart();
    const again = await post({ prompt }, key);
    expect([again.status, again.text]).toEqual([202, first.text]);
    expect(again.headers['idempotency-replayed']).toBe('true');
  });

  it('is known after the secret was changed, to the same request alone', async () => {
    const key = { 'idempotency-key': newUuid() };
    const first = await post({ prompt }, key);
    await intake.restart({ signingSecrets: ['a newer secret of tests', 'a secret that only tests know'] });
    const again = await post({ prompt }, key);
    const other = await post({ prompt: 'another' }, key);
    await intake.restart();
    expect([again.status, again.text]).toEqual([202, first.text]);
    expect(other.json<Problem>().code).toBe('idempotency_mismatch');
  });
});

describe('what is refused leaves nothing behind', () => {
  const json = { 'content-type': 'application/json' };
  const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  /** [name, body, headers, status, code, pointers] */
  const rows: [string, unknown, Record<string, string>, number, string, string[]?][] = [
    ['no body', undefined, {}, 400, 'malformed_json'],
    ['an empty body', '', json, 400, 'malformed_json'],
    ['no JSON', '{"prompt":', json, 400, 'malformed_json'],
    ['a name twice', '{"prompt":"x","prompt":"y"}', json, 400, 'malformed_json'],
    ['JSON after a byte order mark', '\uFEFF{"prompt":"x"}', json, 400, 'malformed_json'],
    [
      'bytes that are no UTF-8',
      Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
      json,
      400,
      'invalid_encoding',
    ],
    ['UTF-16', Buffer.from('{"prompt":"x"}', 'utf16le'), json, 400, 'malformed_json'],
    [
      'a charset that is not ours',
      '{}',
      { 'content-type': 'application/json; charset=utf-16' },
      415,
      'unsupported_media_type',
    ],
    ['text', 'prompt=x', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    [
      'a form',
      'prompt=x',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'unsupported_media_type',
    ],
    [
      'multipart',
      '--b--',
      { 'content-type': 'multipart/form-data; boundary=b' },
      415,
      'unsupported_media_type',
    ],
    ['no content type', '{"prompt":"x"}', {}, 415, 'unsupported_media_type'],
    [
      'gzip',
      Buffer.from([0x1f, 0x8b]),
      { ...json, 'content-encoding': 'gzip' },
      415,
      'unsupported_media_type',
    ],
    ['over 64 KiB', JSON.stringify({ prompt: 'x'.repeat(65_536) }), json, 413, 'body_too_large'],
    ['10,000 levels', nested(10_000), json, 422, 'invalid_fields'],
    ['an array', [], {}, 422, 'invalid_fields', ['']],
    ['a string', '"x"', json, 422, 'invalid_fields', ['']],
    ['null', 'null', json, 422, 'invalid_fields', ['']],
    ['30,000 numbers', `[${'1,'.repeat(30_000)}1]`, json, 422, 'invalid_fields', ['']],
    ['no prompt', {}, {}, 422, 'invalid_fields', ['/prompt']],
    ['an empty prompt', { prompt: '' }, {}, 422, 'invalid_fields', ['/prompt']],
    ['only spaces', { prompt: ' \u00a0\n' }, {}, 422, 'invalid_fields', ['/prompt']],
    ['4,001 code points', { prompt: '🚲'.repeat(4_001) }, {}, 422, 'invalid_fields', ['/prompt']],
    ['combining marks', { prompt: `a${'\u0301'.repeat(20_000)}` }, {}, 422, 'invalid_fields', ['/prompt']],
    ['NUL', String.raw`{"prompt":"a\u0000b"}`, json, 422, 'invalid_fields', ['/prompt']],
    ['a lone surrogate', String.raw`{"prompt":"\ud800"}`, json, 422, 'invalid_fields', ['/prompt']],
    ['a number as prompt', { prompt: 7 }, {}, 422, 'invalid_fields', ['/prompt']],
    ['an unknown field', { prompt, style: 'x' }, {}, 422, 'invalid_fields', ['/style']],
    [
      'fields that are ours',
      { prompt, status: 'succeeded', tenant: 't', cost: {} },
      {},
      422,
      'invalid_fields',
      ['/status', '/tenant', '/cost'],
    ],
    ['__proto__', '{"prompt":"x","__proto__":{"a":1}}', json, 422, 'invalid_fields', ['/__proto__']],
    ['constructor', '{"prompt":"x","constructor":1}', json, 422, 'invalid_fields', ['/constructor']],
    [
      '__proto__ in metadata',
      '{"prompt":"x","metadata":{"__proto__":"y"}}',
      json,
      422,
      'invalid_fields',
      ['/metadata/__proto__'],
    ],
    ['a size that is none', { prompt, size: 'large' }, {}, 422, 'invalid_fields', ['/size']],
    ['a size that is too small', { prompt, size: '63x64' }, {}, 422, 'invalid_fields', ['/size']],
    ['a size that is too large', { prompt, size: '4097x64' }, {}, 422, 'invalid_fields', ['/size']],
    ['count 0', { prompt, count: 0 }, {}, 422, 'invalid_fields', ['/count']],
    ['count 9', { prompt, count: 9 }, {}, 422, 'invalid_fields', ['/count']],
    ['count 1.5', { prompt, count: 1.5 }, {}, 422, 'invalid_fields', ['/count']],
    ['count as text', { prompt, count: '1' }, {}, 422, 'invalid_fields', ['/count']],
    ['count null', { prompt, count: null }, {}, 422, 'invalid_fields', ['/count']],
    ['min_count over count', { prompt, min_count: 2 }, {}, 422, 'invalid_fields', ['/min_count']],
    ['seed −1', { prompt, seed: -1 }, {}, 422, 'invalid_fields', ['/seed']],
    ['seed 2^32', { prompt, seed: 4_294_967_296 }, {}, 422, 'invalid_fields', ['/seed']],
    ['seed 2^53+1', '{"prompt":"x","seed":9007199254740993}', json, 422, 'invalid_fields', ['/seed']],
    ['seed 1e309', '{"prompt":"x","seed":1e309}', json, 422, 'invalid_fields', ['/seed']],
    [
      'a format that is none',
      { prompt, output_format: 'gif' },
      {},
      422,
      'invalid_fields',
      ['/output_format'],
    ],
    [
      '17 pairs of metadata',
      { prompt, metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, 'v'])) },
      {},
      422,
      'invalid_fields',
      ['/metadata'],
    ],
    ['metadata that is no text', { prompt, metadata: { a: 1 } }, {}, 422, 'invalid_fields', ['/metadata/a']],
    [
      'a long name',
      { prompt, metadata: { ['n'.repeat(65)]: 'v' } },
      {},
      422,
      'invalid_fields',
      [`/metadata/${'n'.repeat(64)}`],
    ],
    [
      'a long value',
      { prompt, metadata: { 'a/b~c': 'v'.repeat(513) } },
      {},
      422,
      'invalid_fields',
      ['/metadata/a~1b~0c'],
    ],
    ['a deadline of 9 s', { prompt, deadline_seconds: 9 }, {}, 422, 'invalid_fields', ['/deadline_seconds']],
    [
      'a deadline beyond a week',
      { prompt, deadline_seconds: 604_801 },
      {},
      422,
      'invalid_fields',
      ['/deadline_seconds'],
    ],
    ['a model that nobody has', { prompt, model: 'sim/none' }, {}, 422, 'unknown_model', ['/model']],
    ['a vendor that nobody has', { prompt, model: 'acme/standard' }, {}, 422, 'unknown_model', ['/model']],
    ['a model named constructor', { prompt, model: 'sim/constructor' }, {}, 422, 'unknown_model', ['/model']],
    ['a model named __proto__', { prompt, model: '__proto__' }, {}, 422, 'unknown_model', ['/model']],
    ['an empty model', { prompt, model: '' }, {}, 422, 'invalid_fields', ['/model']],
  ];
  const cases = rows.map(([name, body, headers, status, code, pointers]) => ({
    name,
    body,
    headers,
    status,
    code,
    pointers,
  }));
  it.each(cases)('$name', async ({ body, headers, status, code, pointers }) => {
    const before = await stored();
    const answer = await post(body, headers);
    expect([answer.status, answer.headers['content-type']]).toEqual([status, 'application/problem+json']);
    const problem = answer.json(problemSchema);
    expect(problem).toMatchObject({
      type: `/docs/errors/${code}`,
      code,
      status,
      instance: path,
      retryable: false,
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    if (pointers) expect(problem.errors.map(({ pointer }) => pointer)).toEqual(pointers);
    expect(await stored()).toBe(before);
    expect((await intake.bare({ path: problem.type })).status).toBe(200);
  });

  it.each([
    ['no key', undefined, 401],
    ['an unknown key', 'Bearer dk_test_0000000000000000000000000000000000', 401],
    ['no bearer', 'Basic ZGs6', 401],
    ['what is no key', 'Bearer ../../x', 401],
    ["an operators' key", 'Bearer dk_ops_00000000000000000000000000', 403],
  ])('%s', async (_, authorization, status) => {
    const answer = await intake.bare({
      method: 'POST',
      path,
      headers: { 'idempotency-key': newUuid(), ...(authorization === undefined ? {} : { authorization }) },
      body: { prompt },
    });
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
  });
});
