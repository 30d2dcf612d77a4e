import { isLoopbackHost, isOwnHost, isOwnOrigin } from './same-site.js';

const publicUrl = 'https://darkroom.example';

describe('hosts', () => {
  it.each(['127.0.0.1:8080', 'localhost', 'LOCALHOST:1', '[::1]:8080'])('%s is this machine', (host) => {
    expect(isLoopbackHost(host)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.nip.io',
    '127.0.0.1@evil',
    '10.0.0.1',
  ])('%s is not', (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });

  it('own are loopback and the public one', () => {
    expect(isOwnHost('Darkroom.example', publicUrl)).toBe(true);
    expect(isOwnHost('darkroom.example:81', publicUrl)).toBe(false);
    expect(isOwnHost('darkroom.example', undefined)).toBe(false);
  });
});

describe('origins', () => {
  it.each([
    ['http://127.0.0.1:8080', '127.0.0.1:8080', true],
    ['https://darkroom.example', 'darkroom.example', true],
    ['http://127.0.0.1:9999', '127.0.0.1:8080', false],
    ['http://localhost:8080', '127.0.0.1:8080', false],
    ['http://evil.example', '127.0.0.1:8080', false],
    ['http://evil.example', 'evil.example', false],
    ['null', '127.0.0.1:8080', false],
    ['file://127.0.0.1:8080', '127.0.0.1:8080', false],
    [undefined, '127.0.0.1:8080', false],
  ])('%s to %s', (origin, host, own) => {
    expect(isOwnOrigin(origin, host, publicUrl)).toBe(own);
  });
});
