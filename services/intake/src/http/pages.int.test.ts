import type { IncomingHttpHeaders } from 'node:http';
import { problemCodes } from '@darkroom/platform';
import { modelsEnvelope } from '../openapi/response-schemas.js';
import { startTestIntake, type TestIntake } from '../testing/test-intake.js';

let intake: TestIntake;
beforeAll(async () => {
  intake = await startTestIntake({ demoSession: true });
});
afterAll(() => intake.stop());

interface Document {
  openapi: string;
  paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
  components: { schemas: Record<string, unknown> };
}

describe('the reference', () => {
  it('is OpenAPI 3.1 whose references all lead somewhere', async () => {
    const answer = await intake.bare({ path: '/openapi.json' });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json']);
    const document = answer.json<Document>();
    expect(document.openapi).toBe('3.1.0');
    const references = [...answer.text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) =>
      String(reference),
    );
    expect(references.length).toBeGreaterThan(10);
    for (const reference of references)
      expect(Object.keys(document.components.schemas)).toContain(
        reference.replace('#/components/schemas/', ''),
      );
    expect(answer.text).not.toContain('$defs');
  });

  it('works offline: what the page needs comes from here', async () => {
    const page = await intake.bare({ path: '/docs' });
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.text).not.toMatch(/https?:\/\//);
    const parts = [...page.text.matchAll(/(?:src|href)="(\/docs\/[^"]+)"/g)].map(([, path]) => String(path));
    expect(parts.length).toBeGreaterThanOrEqual(4);
    for (const path of parts) expect([path, (await intake.bare({ path })).status]).toEqual([path, 200]);
    expect((await intake.bare({ path: '/docs/viewer/package.json' })).status).toBe(404);
    expect((await intake.bare({ path: '/docs/viewer/..%2f..%2fpackage.json' })).status).toBe(404);
  });

  it('has a page for every error', async () => {
    const index = await intake.bare({ path: '/docs/errors' });
    for (const code of Object.keys(problemCodes)) {
      expect(index.text).toContain(`/docs/errors/${code}`);
      const page = await intake.bare({ path: `/docs/errors/${code}` });
      expect([code, page.status, page.headers['content-type']]).toEqual([
        code,
        200,
        'text/html; charset=utf-8',
      ]);
    }
    expect((await intake.bare({ path: '/docs/errors/constructor' })).status).toBe(404);
  });
});

describe('health', () => {
  it('lives and is ready', async () => {
    expect((await intake.bare({ path: '/health/live' })).json()).toEqual({ status: 'ok' });
    const ready = await intake.bare({ path: '/health/ready' });
    expect([ready.status, ready.json<{ status: string }>().status]).toEqual([200, 'ok']);
  });
});

it('lists what can be asked for', async () => {
  const answer = await intake.call({ path: '/v1/models' });
  const { data } = answer.json(modelsEnvelope);
  expect(data.map(({ id }) => id)).toEqual([
    'sim/standard',
    'sim/keyed',
    'sim/reject',
    'sim/blind',
    'sim/inline',
  ]);
  expect(data.filter((model) => model.default).map(({ id }) => id)).toEqual(['sim/standard']);
  expect(data[0]).toMatchObject({
    limits: { min_side: 64, max_side: 4096, max_count: 8, output_formats: ['png', 'jpeg', 'webp'] },
    price: { currency: 'USD', micros_per_image: '40000' },
  });
});

describe('the session', () => {
  const cookieOf = (headers: IncomingHttpHeaders): string | undefined =>
    headers['set-cookie']?.[0]?.split(';')[0];
  const host = (): string => new URL(intake.url).host;

  it('opens by itself for a visitor from this machine, and carries writes of our own pages alone', async () => {
    const page = await intake.bare({ path: '/' });
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    expect(page.headers['set-cookie']?.[0]).toMatch(/; HttpOnly; SameSite=Strict$/);
    const cookie = cookieOf(page.headers) ?? '';
    expect((await intake.bare({ path: '/v1/models', headers: { cookie } })).status).toBe(200);
    expect((await intake.bare({ path: '/', headers: { cookie } })).headers).not.toHaveProperty('set-cookie');

    const post = (headers: Record<string, string>) =>
      intake.bare({
        method: 'POST',
        path: '/v1/generations',
        headers: { cookie, 'idempotency-key': 'from-a-page', ...headers },
        body: { prompt: 'x' },
      });
    expect((await post({ origin: intake.url })).status).toBe(202);
    expect((await post({})).status).toBe(403);
    expect((await post({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await post({ origin: 'null' })).status).toBe(403);
    expect((await post({ origin: 'http://evil.example', host: 'evil.example' })).status).toBe(403);
  });

  it('does not open for a name that was made to resolve to this machine', async () => {
    const page = await intake.bare({ path: '/', headers: { host: 'evil.example' } });
    expect(page.headers).not.toHaveProperty('set-cookie');
  });

  it('is had for a key, in the header or in the body', async () => {
    for (const call of [
      { headers: { authorization: `Bearer ${intake.foreignKey}` } },
      { body: { key: intake.foreignKey }, headers: { origin: intake.url, host: host() } },
    ]) {
      const answer = await intake.bare({ method: 'POST', path: '/v1/session', ...call });
      expect(answer.status).toBe(204);
      const cookie = cookieOf(answer.headers) ?? '';
      const models = await intake.bare({ path: '/v1/models', headers: { cookie } });
      const { data } = models.json(modelsEnvelope);
      expect(data.find((model) => model.default)?.id).toBe('sim/keyed');
    }
  });

  it.each([
    ['a wrong key', { key: 'dk_test_00000000000000000000000000' }, {}, 401],
    ['an operator’s key', { key: 'dk_ops_00000000000000000000000000' }, {}, 403],
    ['no key', {}, {}, 422],
    ['another site', { key: 'x' }, { origin: 'https://evil.example' }, 403],
  ])('is refused for %s', async (_, body, headers, status) => {
    const answer = await intake.bare({ method: 'POST', path: '/v1/session', body, headers });
    expect(answer.status).toBe(status);
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });

  it('is worthless once its key is revoked, or when it was tampered with', async () => {
    const answer = await intake.bare({
      method: 'POST',
      path: '/v1/session',
      headers: { authorization: `Bearer ${intake.foreignKey}` },
    });
    const cookie = cookieOf(answer.headers) ?? '';
    const use = async (text: string) =>
      (await intake.bare({ path: '/v1/models', headers: { cookie: text } })).status;
    expect(await use(`${cookie}x`)).toBe(401);
    expect(await use('darkroom_session=%00.x')).toBe(401);
    await intake.database
      .superuser`update intake.api_keys set revoked_at = clock_timestamp() where tenant = 'other'`;
    await intake.restart();
    expect(await use(cookie)).toBe(401);
  });
});

it('is not there for any other address', async () => {
  for (const path of [
    '/nothing',
    '/v1',
    '/v1/generations/',
    '/assets/..%2findex.html',
    '/%zz',
    '/v2/generations',
  ]) {
    const answer = await intake.bare({ path });
    expect([path, answer.headers['content-type']]).toEqual([path, 'application/problem+json']);
    expect([400, 404]).toContain(answer.status);
  }
});
