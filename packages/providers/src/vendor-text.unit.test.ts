import { vendorJobId, vendorLink, vendorLinkOrPath, vendorMediaType, vendorText } from './vendor-text.js';

describe('vendor text', () => {
  it('is cut and loses what breaks logs, terminals and jsonb', () => {
    expect(vendorText('a\0b\u001b[31mred\r\nX-Header: 1\ud800', 100)).toBe('a b [31mred  X-Header: 1\ufffd');
    expect(vendorText("<img onerror=x> '; drop table", 9)).toBe('<img oner');
    expect(vendorText('🙂🙂', 3)).toBe('🙂\ufffd');
    expect(vendorText(17, 10)).toBe('');
  });
});

describe('vendor media type', () => {
  it.each([
    ['image/png', 'image/png'],
    ['Image/SVG+xml; charset=utf-8', 'image/svg+xml'],
    ['image/日本', ''],
    ['image/png\r\nX-Header: 1', ''],
    ['png', ''],
    ['', ''],
    [`image/${'x'.repeat(1_000_000)}`, ''],
    [7, ''],
  ])('of %p is %p', (said, type) => expect(vendorMediaType(said)).toBe(type));
});

describe('vendor job id', () => {
  it.each(['job_1', 'a', 'A.b~c-d:e', 'x'.repeat(200)])('takes %s', (id) => expect(vendorJobId(id)).toBe(id));
  it.each([
    null,
    undefined,
    17,
    '',
    'a\0b',
    'x'.repeat(201),
    'x'.repeat(1_000_000),
    '../admin',
    'a b',
    '..',
    'ä',
    '\ud800',
    {},
  ])('refuses %p', (id) => expect(vendorJobId(id)).toBeUndefined());
});

describe('vendor link', () => {
  it.each(['https://cdn.example/a.png?x=1', 'http://127.0.0.1:8090/o/1'])('takes %s', (link) =>
    expect(vendorLink(link)).toBe(link),
  );
  it.each([
    'file:///etc/passwd',
    'data:image/png;base64,AA',
    'https://u:p@host/',
    'gopher://x',
    '/relative',
    '',
    null,
    7,
    // Longer than that once its escapes are written.
    `https://cdn.example/${'ä'.repeat(3_000)}`,
  ])('refuses %p', (link) => expect(vendorLink(link)).toBeUndefined());
});

describe('vendor link or path', () => {
  it.each([
    'https://cdn.example/a.png?x=1',
    '/view?filename=a.png',
    'view?filename=a b.png',
    '//cdn.example/a',
  ])('takes %s', (link) => expect(vendorLinkOrPath(link)).toBe(link));
  it.each([
    'https:',
    ' https: ',
    'http:',
    'https://',
    '//',
    'http://[',
    '//[',
    '//u:p@host/',
    '',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'a\0',
    '\ud800',
    'x'.repeat(5_000),
    null,
    7,
  ])('refuses %p', (link) => expect(vendorLinkOrPath(link)).toBeUndefined());

  it('is the same whatever it is relative to', () => {
    expect(vendorLinkOrPath('https:cdn.example/a')).toBe('https://cdn.example/a');
  });
});
