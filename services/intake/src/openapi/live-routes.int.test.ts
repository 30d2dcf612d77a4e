import { METHODS } from 'node:http';
import { problemSchema } from './response-schemas.js';
import { startTestIntake, type TestIntake } from '../testing/test-intake.js';

let intake: TestIntake;
let documented: ReadonlyMap<string, readonly string[]>;
beforeAll(async () => {
  intake = await startTestIntake();
  const document = (await intake.bare({ path: '/openapi.json' })).json<{ paths: Record<string, object> }>();
  documented = new Map(
    Object.entries(document.paths).map(([path, methods]) => [
      path,
      Object.keys(methods).map((method) => method.toUpperCase()),
    ]),
  );
});
afterAll(() => intake.stop());

/** Pages for people, and the document itself. */
const pages = /^\/(?:$|generations\/:id$|docs|openapi\.json$|assets\/|icon\.svg$)/;
/** HEAD comes with every GET and is not documented by itself. */
const withHead = (methods: readonly string[]): string[] =>
  [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].toSorted();

it('the document names what the router answers, and the router answers what the document names', () => {
  const live = new Map<string, string[]>();
  for (const { method, path } of intake.routes) {
    if (pages.test(path)) continue;
    const name = path.replaceAll(/:(\w+)/g, '{$1}');
    live.set(name, [...(live.get(name) ?? []), method].toSorted());
  }
  expect(Object.fromEntries(live)).toEqual(
    Object.fromEntries([...documented].map(([path, methods]) => [path, withHead(methods)])),
  );
  expect(live.size).toBeGreaterThan(10);
});

it('every other method of every address is a 405 that names those that there are, with a key and without', async () => {
  for (const [path, methods] of documented) {
    const allow = withHead(methods).join(', ');
    for (const method of METHODS) {
      // What follows CONNECT is no HTTP; HEAD has no body to look into.
      if (method === 'CONNECT' || method === 'HEAD' || methods.includes(method)) continue;
      const call = { method, path: path.replaceAll(/\{\w+\}/g, 'x') };
      for (const answer of [await intake.bare(call), await intake.call(call)]) {
        expect([method, path, answer.status, answer.headers.allow]).toEqual([method, path, 405, allow]);
        expect(answer.json(problemSchema).code).toBe('method_not_allowed');
        expect(answer.headers).toMatchObject({ 'x-frame-options': 'DENY', 'cache-control': 'no-store' });
      }
    }
  }
});

it('pages for people have no other methods either', async () => {
  for (const path of ['/', '/docs', '/docs/errors', '/openapi.json'])
    expect(await intake.bare({ method: 'POST', path, body: {} })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
});
