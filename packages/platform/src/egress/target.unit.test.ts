import type { Allowance } from './egress.js';
import { DestinationRefused, targetOf } from './target.js';

const sim: Allowance = { purpose: 'poll', account: 'sim', scheme: 'http', host: '127.0.0.1', port: 8090 };
const caller = { purpose: 'poll', account: 'sim' } as const;

describe('a destination', () => {
  it('may be https on 443, or exactly what is allowed', () => {
    expect(targetOf('https://api.vendor.example/v1/jobs', caller, [sim])).toMatchObject({
      port: 443,
      allowed: false,
    });
    expect(targetOf('http://127.0.0.1:8090/v1/jobs', caller, [sim])).toMatchObject({
      port: 8090,
      allowed: true,
    });
    expect(targetOf('http://[::1]:8090/', caller, [{ ...sim, host: '::1' }])).toMatchObject({
      host: '::1',
      allowed: true,
    });
  });

  it.each([
    'http://127.0.0.1:8091/',
    'https://127.0.0.1:8090/',
    'http://localhost:8090/',
    'http://127.0.0.1:8090@evil.example/',
    'https://user:pass@vendor.example/',
    'https://user@vendor.example/',
    'https://vendor.example:22/',
    'http://vendor.example/',
    'file:///etc/passwd',
    'data:text/plain,hi',
    'ftp://vendor.example/',
    'javascript:alert(1)',
    '//vendor.example/',
    '/v1/jobs',
    '',
    `https://vendor.example/${'a'.repeat(9000)}`,
  ])('is refused: %s', (url) => {
    expect(() => targetOf(url, caller, [sim])).toThrow(DestinationRefused);
  });

  it('is refused for another purpose or account', () => {
    const url = 'http://127.0.0.1:8090/';
    expect(() => targetOf(url, { ...caller, purpose: 'download' }, [sim])).toThrow(DestinationRefused);
    expect(() => targetOf(url, { ...caller, account: 'other' }, [sim])).toThrow(DestinationRefused);
  });

  it('spelled in another way is the same address', () => {
    expect(targetOf('http://0x7f.1:8090/', caller, [sim]).host).toBe('127.0.0.1');
  });
});
