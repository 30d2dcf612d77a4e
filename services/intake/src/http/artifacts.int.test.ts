import { createHash } from 'node:crypto';
import { newUuid, signContentLink, toPublicId } from '@darkroom/platform';
import { artifactEnvelope } from '../openapi/response-schemas.js';
import { finish, startAttempt } from '../testing/gateway-events.js';
import { startTestIntake, type TestIntake } from '../testing/test-intake.js';

interface Image {
  id: string;
  generation: string;
  bytes: number;
  sha256: string;
  content_url: string;
  thumbnail_url: string;
}

let intake: TestIntake;
let image: Image;
beforeAll(async () => {
  intake = await startTestIntake();
  const id = await intake.create();
  await startAttempt(intake.store, id);
  await finish(intake, id);
  const found = await intake.call({ path: `/v1/generations/${id}` });
  image = found.json<{ data: { artifacts: Image[] } }>().data.artifacts[0] as Image;
});
afterAll(() => intake.stop());

const asForeigner = () => ({ authorization: `Bearer ${intake.foreignKey}` });
const path = (): string => `/v1/artifacts/${image.id}`;

it('tells the facts of an image, with fresh links', async () => {
  const answer = await intake.call({ path: path() });
  expect(answer.status).toBe(200);
  const { generation, ...facts } = answer.json(artifactEnvelope).data;
  expect(facts).toEqual(image);
  expect(generation).toMatch(/^gen_/);
});

it.each(['content_url', 'thumbnail_url'] as const)('serves %s without a key', async (which) => {
  const answer = await intake.bare({ path: image[which] });
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'image/png']);
  const sha256 = createHash('sha256').update(answer.bytes).digest('hex');
  expect(answer.headers).toMatchObject({
    etag: `"${sha256}"`,
    'content-length': String(answer.bytes.length),
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cross-origin-resource-policy': 'cross-origin',
  });
  if (which === 'content_url') expect([sha256, answer.bytes.length]).toEqual([image.sha256, image.bytes]);
});

it('serves it with a key and without a signature', async () => {
  expect((await intake.call({ path: `${path()}/content` })).status).toBe(200);
  expect((await intake.call({ path: `${path()}/thumbnail` })).status).toBe(200);
});

it('is 304 for who has it', async () => {
  const answer = await intake.bare({
    path: image.content_url,
    headers: { 'if-none-match': `"${image.sha256}"` },
  });
  expect([answer.status, answer.text]).toEqual([304, '']);
});

it('answers HEAD like GET, without the bytes', async () => {
  const answer = await intake.bare({ method: 'HEAD', path: image.content_url });
  expect([answer.status, answer.bytes.length, answer.headers['content-length']]).toEqual([
    200,
    0,
    String(image.bytes),
  ]);
});

describe('ranges', () => {
  const get = (range: string, headers: Record<string, string> = {}) =>
    intake.bare({ path: image.content_url, headers: { range, ...headers } });

  it.each<[string, (size: number) => [number, number]]>([
    ['bytes=0-9', () => [0, 9]],
    ['bytes=10-', (size) => [10, size - 1]],
    ['bytes=-5', (size) => [size - 5, size - 1]],
    ['bytes=0-999999', (size) => [0, size - 1]],
  ])('%s', async (range, expected) => {
    const whole = await intake.bare({ path: image.content_url });
    const [start, end] = expected(image.bytes);
    const answer = await get(range);
    expect(answer.status).toBe(206);
    expect(answer.headers).toMatchObject({
      'content-range': `bytes ${start}-${end}/${image.bytes}`,
      'content-length': String(end - start + 1),
      etag: `"${image.sha256}"`,
    });
    expect(answer.bytes.equals(whole.bytes.subarray(start, end + 1))).toBe(true);
  });

  it('beyond the end is 416 with the size', async () => {
    const answer = await get(`bytes=${image.bytes}-`);
    expect([answer.status, answer.headers['content-range']]).toEqual([416, `bytes */${image.bytes}`]);
  });

  it.each(['bytes=0-1,4-5', 'lines=1-2', 'bytes=5-2', 'bytes=abc'])('%s is ignored', async (range) => {
    expect((await get(range)).status).toBe(200);
  });

  it.each(['bytes=-0', 'bytes=999999-', 'bytes=999999-9999999'])(
    '%s is 416, with a problem',
    async (range) => {
      const answer = await get(range);
      expect([answer.status, answer.headers['content-range'], answer.headers['content-type']]).toEqual([
        416,
        `bytes */${image.bytes}`,
        'application/problem+json',
      ]);
      expect(answer.headers['cache-control']).toBe('no-store');
    },
  );

  it('of HEAD is ignored, also one that cannot be', async () => {
    for (const range of ['bytes=0-9', 'bytes=999999-']) {
      const answer = await intake.bare({ method: 'HEAD', path: image.content_url, headers: { range } });
      expect([answer.status, answer.headers['content-length'], answer.headers['content-range']]).toEqual([
        200,
        String(image.bytes),
        undefined,
      ]);
    }
  });

  it('is 304 all the same for who has the bytes', async () => {
    const answer = await get('bytes=0-9', { 'if-none-match': `"x", W/"${image.sha256}"` });
    expect([answer.status, answer.bytes.length]).toEqual([304, 0]);
  });

  it('of other bytes is not mixed with these', async () => {
    expect((await get('bytes=0-9', { 'if-range': `W/"${image.sha256}"` })).status).toBe(200);
    expect((await get('bytes=0-9', { 'if-range': new Date().toUTCString() })).status).toBe(200);
    // Not even where it could not be had.
    expect((await get('bytes=999999-', { 'if-range': '"another"' })).status).toBe(200);
    expect((await get('bytes=0-9', { 'if-range': '"another"' })).status).toBe(200);
    expect((await get('bytes=0-9', { 'if-range': `"${image.sha256}"` })).status).toBe(206);
  });
});

describe('who may not', () => {
  it('is told nothing without a key or a link that holds', async () => {
    const signed = new URL(image.content_url, intake.url);
    const expired = signContentLink(intake.signer, `${path()}/content`, Date.now() - 7_200_000);
    const cases: [string, number][] = [
      [`${path()}/content`, 401],
      [path(), 401],
      [`${path()}/content?expires=1&signature=x`, 403],
      [`${path()}/content${signed.search.replace(/expires=\d/, 'expires=9')}`, 403],
      [`${path()}/thumbnail${signed.search}`, 403],
      [`/v1/artifacts/${toPublicId('art', newUuid())}/content${signed.search}`, 403],
      [expired, 403],
    ];
    for (const [to, status] of cases)
      expect([to, (await intake.bare({ path: to })).status]).toEqual([to, status]);
    // With a key an old link is only an address.
    expect((await intake.call({ path: expired })).status).toBe(200);
  });

  it('is told nothing by a link in which anything was changed', async () => {
    const { pathname, search } = new URL(image.content_url, intake.url);
    const changed = Array.from(search.slice(1), (letter, at) =>
      letter === '=' || letter === '&'
        ? undefined
        : `?${search.slice(1, at + 1)}${letter === '1' ? '2' : '1'}${search.slice(at + 2)}`,
    ).filter((query) => query !== undefined);
    expect(changed.length).toBeGreaterThan(60);
    for (const query of changed) {
      const answer = await intake.bare({ path: pathname + query });
      expect([query, answer.status === 403 || answer.status === 401]).toEqual([query, true]);
      expect(answer.headers['content-type']).toBe('application/problem+json');
    }
    const [expires, signature] = search.slice(1).split('&');
    for (const query of [
      `${expires}`,
      `${signature}`,
      `${expires}&${signature}=`,
      `${expires}&signature=`,
      `expires=&${signature}`,
      `expires=0x7fffffff&${signature}`,
      `${expires}.0&${signature}`,
      `${expires}&${signature}%00`,
    ])
      expect([query, (await intake.bare({ path: `${pathname}?${query}` })).status]).toEqual([query, 403]);
    expect((await intake.bare({ path: pathname + search })).status).toBe(200);
  });

  it('is told the same of a foreign image as of none', async () => {
    const none = toPublicId('art', newUuid());
    for (const tail of ['', '/content', '/thumbnail']) {
      for (const id of [image.id, none, 'art_x', image.id.replace('art_', 'gen_')]) {
        const answer = await intake.bare({ path: `/v1/artifacts/${id}${tail}`, headers: asForeigner() });
        expect([answer.status, answer.json<{ code: string }>().code]).toEqual([404, 'not_found']);
      }
    }
  });
});
