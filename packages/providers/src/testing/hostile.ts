/** Texts that break something where they are kept, sent on or shown as they came. */
export const hostileTexts: readonly string[] = [
  '',
  ' ',
  // A database, which stores neither.
  '\0',
  '\ud800',
  // A terminal, a log, a header.
  '\u001b[2J',
  '\u0085',
  '\r\nX-Header: 1',
  '日本',
  // Who looks a word up in an object.
  'constructor',
  // Who completes it with a base.
  'https:',
  // A pair that a cut goes through; what is longer than is kept, and than an error is read.
  `${'x'.repeat(99)}${'\ud83d\ude42'.repeat(400)}`,
  'x'.repeat(2_000),
  'x'.repeat(20_000),
];

/** Ids that can be kept, sent back in a path and compared. */
export const soundIds: readonly string[] = [
  'A.b~c-d:e',
  'x'.repeat(200),
  '00000000-0000-4000-8000-000000000000',
];

/** Ids that cannot. */
export const hostileIds: readonly string[] = [
  '',
  ' ',
  'a b',
  '.',
  '..',
  '../x',
  'a/b',
  'a\\b',
  'a?b',
  'a#b',
  'a%2Fb',
  'a\nb',
  'ä',
  '\0',
  '\ud800',
  'x'.repeat(201),
  'x'.repeat(1_000_000),
];
