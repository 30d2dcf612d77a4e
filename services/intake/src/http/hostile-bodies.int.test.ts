import { newUuid } from '@darkroom/platform';
import { problemSchema } from '../openapi/response-schemas.js';
import { rawExchange } from '../testing/raw-exchange.js';
import { startTestIntake, type TestIntake } from '../testing/test-intake.js';

let intake: TestIntake;
beforeAll(async () => {
  intake = await startTestIntake();
});
afterAll(() => intake.stop());

const path = '/v1/generations';
const room = 64 * 1024;
const json = { 'content-type': 'application/json' };
const post = (body: string, headers: Record<string, string> = json) =>
  intake.call({ method: 'POST', path, headers: { 'idempotency-key': newUuid(), ...headers }, body });

async function stored(): Promise<number> {
  const [row] = await intake.database.superuser`select count(*)::int as n from event_store.streams`;
  return Number(row?.['n']);
}

/** As much of it as fits. */
const fill = (head: string, piece: (n: number) => string, tail: string): string => {
  const pieces: string[] = [];
  for (let left = room - head.length - tail.length, n = 0; ; n += 1) {
    const next = piece(n);
    if (next.length > left) return head + pieces.join('') + tail;
    pieces.push(next);
    left -= next.length;
  }
};

describe('the worst that fits into 64 KiB is refused in bounded time', () => {
  const rows: [string, string, number][] = [
    ['open brackets', fill('', () => '[', ''), 400],
    ['brackets', '['.repeat(room / 2) + ']'.repeat(room / 2), 422],
    ['objects in objects', fill('', () => '{"":', ''), 400],
    ['ten thousand unknown fields', fill('{"prompt":"x"', (n) => `,"${n}":0`, '}'), 422],
    ['one name again and again', fill('{"a":0', () => ',"a":0', '}'), 400],
    ['names that differ at their end alone', fill('{"":0', (n) => `,"${'a'.repeat(200)}${n}":0`, '}'), 422],
    ['names like numbers', fill('{"x":0', (n) => `,"${4_294_967_295 - n}":0`, '}'), 422],
    ['names in escapes', fill('{"x":0', (n) => `,"\\u0061${n}":0`, '}'), 422],
    ['backslashes', `{"prompt":"${'\\\\'.repeat(room / 2 - 10)}`, 400],
    ['quotes', fill('{"prompt":"', () => String.raw`\"`, ''), 400],
    ['a number of 60,000 digits', `{"prompt":"x","seed":${'9'.repeat(60_000)}}`, 422],
    ['a fraction of 60,000 digits', `{"prompt":"x","seed":0.1${'9'.repeat(60_000)}}`, 422],
    ['a size of 60,000 digits', `{"prompt":"x","size":"${'9'.repeat(60_000)}x"}`, 422],
    ['a model of 60,000 slashes', `{"prompt":"x","model":"${'/'.repeat(60_000)}"}`, 422],
    [
      'a thousand pairs of metadata',
      fill('{"prompt":"x","metadata":{"x":"y"', (n) => `,"${n}":"v"`, '}}'),
      422,
    ],
    ['60,000 spaces as a prompt', `{"prompt":"${' '.repeat(60_000)}"}`, 422],
    ['spaces and no end', fill('{"prompt":"x"', () => ' ', ''), 400],
    ['combining marks', `{"prompt":"a${'\u0301'.repeat(30_000)}"}`, 422],
  ];
  const cases = rows.map(([name, body, status]) => ({ name, body, status }));
  it.each(cases)('$name', async ({ body, status }) => {
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(room);
    const before = await stored();
    const spent = process.cpuUsage();
    const answer = await post(body);
    // What it costs, not what it waits for.
    const { user, system } = process.cpuUsage(spent);
    expect((user + system) / 1_000).toBeLessThan(2_000);
    expect(answer.status).toBe(status);
    // However much was wrong, it is told in few words.
    expect(answer.json(problemSchema).errors.length).toBeLessThanOrEqual(20);
    expect(answer.text.length).toBeLessThan(8_000);
    expect(await stored()).toBe(before);
  });
});

describe('what does not fit is refused unread', () => {
  it.each([
    ['a prompt of 1 MB', `{"prompt":"${'x'.repeat(1_048_576)}"}`],
    ['a million combining marks', `{"prompt":"a${'\u0301'.repeat(1_000_000)}"}`],
    ['an array of a million', `[${'0,'.repeat(999_999)}0]`],
    ['64 KiB and a byte', ' '.repeat(room + 1)],
  ])('%s', async (_, body) => {
    const answer = await post(body);
    expect([answer.status, answer.json(problemSchema).code]).toEqual([413, 'body_too_large']);
  });

  it('64 KiB and no byte more are read', async () => {
    const body = '{"prompt":"x"}';
    expect((await post(body + ' '.repeat(room - body.length))).status).toBe(202);
  });
});

describe('an Idempotency-Key that no client library would send', () => {
  const send = async (...lines: string[]): Promise<[number, string]> => {
    const head = [
      `POST ${path} HTTP/1.1`,
      'host: x',
      `authorization: Bearer ${intake.key}`,
      'connection: close',
    ];
    const bytes = [
      ...head,
      ...lines,
      'content-type: application/json',
      'content-length: 14',
      '',
      '{"prompt":"x"}',
    ];
    const answer = await rawExchange(intake.url, Buffer.from(bytes.join('\r\n'), 'latin1'));
    return [answer.status, problemSchema.parse(JSON.parse(answer.body)).code];
  };
  it.each([
    ['with a NUL', ['idempotency-key: a\0b'], 'malformed_request'],
    ['with a control character', ['idempotency-key: a\x01b'], 'malformed_request'],
    ['with a tab', ['idempotency-key: a\tb'], 'idempotency_key_invalid'],
    ['with what is no ASCII', ['idempotency-key: \xe9'], 'idempotency_key_invalid'],
    ['of spaces', ['idempotency-key:    '], 'idempotency_key_missing'],
    ['continued on the next line', ['idempotency-key: a', ' b'], 'malformed_request'],
    ['in two spellings of its name', ['Idempotency-Key: a', 'idempotency-key: a'], 'idempotency_key_invalid'],
    ['twice in one line', ['idempotency-key: "a", "b"'], 'idempotency_key_invalid'],
    ['twice, once empty', ['idempotency-key: a', 'idempotency-key:'], 'idempotency_key_invalid'],
  ])('%s is refused and leaves nothing', async (_, lines, code) => {
    const before = await stored();
    expect(await send(...lines)).toEqual([400, code]);
    expect(await stored()).toBe(before);
  });
});
