import { readBoundedJson } from './bounded-json.js';

const read = (text: string | Uint8Array, maxBytes = 1_000_000) =>
  readBoundedJson(typeof text === 'string' ? Buffer.from(text) : text, maxBytes);

/** What it cost since then, which is not what it waited for. Milliseconds. */
function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1_000;
}

describe('readBoundedJson', () => {
  it.each([
    ['{"a":[1,{"b":"}]"}]}', { a: [1, { b: '}]' }] }],
    ['{"a":"\\"","b":"\\\\"}', { a: '"', b: '\\' }],
    ['\ufeff{"a":1}', { a: 1 }],
    ['[{"a":1},{"a":1}]', [{ a: 1 }, { a: 1 }]],
    ['{"a":{"a":{"a":"a"}},"b":"a"}', { a: { a: { a: 'a' } }, b: 'a' }],
    ['"text"', 'text'],
  ])('reads %s', (text, value) => {
    expect(read(text)).toEqual({ ok: true, value });
  });

  it.each([
    ['nothing', '', 'empty body'],
    ['a page', '<html>{}</html>', 'body is not JSON'],
    ['half of it', '{"id":"job_', 'body is not JSON'],
    ['the same key twice', '{"id":"a","id":"b"}', 'an object has a key twice'],
    ['the same key twice, once in disguise', '{"id":"a","\\u0069d":"b"}', 'an object has a key twice'],
    ['depth 100,000', '['.repeat(100_000), 'nested deeper than 32'],
    ['depth 100,000 of objects', '{"a":'.repeat(100_000), 'nested deeper than 32'],
    ['NaN', '{"a":NaN}', 'body is not JSON'],
  ])('refuses %s', (_name, text, reason) => {
    expect(read(text)).toEqual({ ok: false, reason });
  });

  it('refuses what is too large, and bytes that are no UTF-8', () => {
    expect(read('[1,2,3]', 3)).toEqual({ ok: false, reason: 'body over 3 bytes' });
    expect(read(Uint8Array.from([0x22, 0xff, 0x22]))).toEqual({ ok: false, reason: 'body is not UTF-8' });
  });

  it('reads 32 MB of base64 in bounded time', () => {
    const before = process.cpuUsage();
    const body = read(JSON.stringify({ b64: 'A'.repeat(32_000_000) }), 64_000_000);
    expect(body.ok).toBe(true);
    expect(cpuMs(before)).toBeLessThan(2_000);
  });

  it('is not slowed down by strings full of backslashes', () => {
    const before = process.cpuUsage();
    expect(read(`["${'\\\\'.repeat(200_000)}"]`).ok).toBe(true);
    expect(read(`["${'\\"'.repeat(200_000)}"]`).ok).toBe(true);
    expect(cpuMs(before)).toBeLessThan(1_000);
  });
});
