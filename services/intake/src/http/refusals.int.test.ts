import { newUuid, problemCodes } from '@darkroom/platform';
import { gzipSync } from 'node:zlib';
import { problemSchema } from '../openapi/response-schemas.js';
import { rawExchange } from '../testing/raw-exchange.js';
import { startTestIntake, type TestIntake } from '../testing/test-intake.js';

let intake: TestIntake;
beforeAll(async () => {
  intake = await startTestIntake();
});
afterAll(() => intake.stop());

const close = 'connection: close\r\n\r\n';
const get = (path: string, ...headers: string[]): string =>
  `GET ${path} HTTP/1.1\r\n${['host: x', ...headers].map((line) => `${line}\r\n`).join('')}${close}`;
const post = (headers: readonly string[], body = ''): string =>
  `POST /v1/generations HTTP/1.1\r\n${['host: x', ...headers].map((line) => `${line}\r\n`).join('')}${close}${body}`;
const json = 'content-type: application/json';

/** Refused by the parser, before there is a request; then by the router, by the rules of bodies, and by a guard. */
const rows: [string, string, number, string][] = [
  ['no HTTP', 'GARBAGE\r\n\r\n', 400, 'malformed_request'],
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01', 400, 'malformed_request'],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'malformed_request'],
  ['a method that nobody knows', `FETCH / HTTP/1.1\r\nhost: x\r\n${close}`, 400, 'malformed_request'],
  ['CONNECT', `CONNECT x:443 HTTP/1.1\r\nhost: x\r\n${close}`, 400, 'malformed_request'],
  ['no Host', `GET / HTTP/1.1\r\n${close}`, 400, 'malformed_request'],
  ['two Hosts', get('/', 'host: y'), 400, 'malformed_request'],
  ['a line break in a header', get('/', 'a: b\rc: d'), 400, 'malformed_request'],
  ['a space before a colon', get('/', 'host : y'), 400, 'malformed_request'],
  ['a header without a name', get('/', ': y'), 400, 'malformed_request'],
  ['two lengths', post([json, 'content-length: 2', 'content-length: 3'], '{}'), 400, 'malformed_request'],
  [
    'a length and chunks, as smugglers send them',
    post([json, 'content-length: 2', 'transfer-encoding: chunked'], '0\r\n\r\n'),
    400,
    'malformed_request',
  ],
  [
    'a chunk of no size',
    post([json, 'transfer-encoding: chunked'], 'zz\r\n{}\r\n'),
    400,
    'malformed_request',
  ],
  ['100 kB of headers', get('/', `a: ${'x'.repeat(100_000)}`), 431, 'headers_too_large'],
  [
    '100 kB in a thousand headers',
    get('/', ...Array.from({ length: 1_000 }, (_, n) => `h${n}: ${'x'.repeat(95)}`)),
    431,
    'headers_too_large',
  ],
  ['an address of 100 kB', get(`/${'x'.repeat(100_000)}`), 431, 'headers_too_large'],
  ['an address that nobody has', get('/nothing'), 404, 'not_found'],
  ['an address with a broken escape', get('/v1/generations/%zz'), 400, 'malformed_request'],
  ['an id of 2,000 characters', get(`/v1/generations/${'x'.repeat(2_000)}`), 414, 'uri_too_long'],
  ['a method that is not there', `PATCH / HTTP/1.1\r\nhost: x\r\n${close}`, 405, 'method_not_allowed'],
  ['no key', get('/v1/generations'), 401, 'unauthenticated'],
  ['a page of errors for none', get('/docs/errors/none'), 404, 'not_found'],
  ['a file that was not built', get('/assets/none.js'), 404, 'not_found'],
  ['a body over 64 KiB, announced', post([json, 'content-length: 65537']), 413, 'body_too_large'],
  [
    'a body of another type',
    post(['content-type: text/plain', 'content-length: 2'], '{}'),
    415,
    'unsupported_media_type',
  ],
];
const cases = rows.map(([name, bytes, status, code]) => ({ name, bytes, status, code }));

describe('is answered with a problem whose page there is', () => {
  it.each(cases)('$name', async ({ bytes, status, code }) => {
    const answer = await rawExchange(intake.url, Buffer.from(bytes, 'latin1'));
    expect([answer.status, answer.headers['content-type']]).toEqual([status, 'application/problem+json']);
    const problem = problemSchema.parse(JSON.parse(answer.body));
    expect(problem).toMatchObject({ status, code, type: `/docs/errors/${code}` });
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    expect(answer.body).not.toMatch(/node_modules|HPE_|FST_|Error:|\/src\//);
    const page = await intake.bare({ path: problem.type });
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.text).toContain(`<code>${code}</code>, HTTP ${status}`);
  });
});

it('every code has a page of its own that says what to do', async () => {
  const pages = new Set<string>();
  for (const [code, { status, title }] of Object.entries(problemCodes)) {
    const page = await intake.bare({ path: `/docs/errors/${code}` });
    expect([code, page.status]).toEqual([code, 200]);
    expect(page.text).toContain(`<h1>${title}</h1>`);
    expect(page.text).toContain(`HTTP ${status}`);
    expect(/<p>([^<]{20,})<\/p>/.exec(page.text)?.[1]).toBeDefined();
    pages.add(page.text);
  }
  expect(pages.size).toBe(Object.keys(problemCodes).length);
});

it('an Expect that means nothing is ignored', async () => {
  const answer = await rawExchange(intake.url, get('/health/live', 'expect: the-unexpected'));
  expect(answer.status).toBe(200);
});

it('a gzip bomb is refused unopened', async () => {
  const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024), { level: 9 });
  expect(bomb.length).toBeLessThan(64 * 1024);
  const before = process.memoryUsage().arrayBuffers;
  const answer = await intake.call({
    method: 'POST',
    path: '/v1/generations',
    headers: { 'idempotency-key': newUuid(), 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: bomb,
  });
  expect([answer.status, answer.json<{ code: string }>().code]).toEqual([415, 'unsupported_media_type']);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * 1024 * 1024);
});
