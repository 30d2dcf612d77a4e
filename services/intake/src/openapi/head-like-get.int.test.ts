import { documentedOperations } from '../testing/documented-operations.js';
import { openStream } from '../testing/open-stream.js';
import { startTwoTenants, type TwoTenants } from '../testing/two-tenants.js';

let world: TwoTenants;
beforeAll(async () => {
  world = await startTwoTenants();
});
afterAll(() => world.intake.stop());

/** Headers that differ between any two answers. */
const stable = ({ date: _date, connection: _connection, ...headers }: Record<string, unknown>) => headers;

it('HEAD is GET without its body, on every call of the document', async () => {
  const { intake, asOwner, owned } = world;
  const gets = documentedOperations((await intake.bare({ path: '/openapi.json' })).text).filter(
    ({ method }) => method === 'GET',
  );
  expect(gets.length).toBeGreaterThan(8);
  for (const { path, segments, mediaTypes } of gets) {
    const id = segments[0]?.collection === 'artifacts' ? owned.artifact : owned.finished;
    const isOnlyStream = mediaTypes.every((type) => type.includes('stream') || type.includes('ndjson'));
    for (const known of [true, false]) {
      const to = path.replace(/\{\w+\}/, known ? id : id.replace(/.{8}$/, '00000000'));
      const head = await asOwner({ method: 'HEAD', path: to });
      expect([to, head.bytes.length]).toEqual([to, 0]);
      if (isOnlyStream) {
        const stream = await openStream(intake.url, to, { authorization: `Bearer ${intake.key}` });
        expect([head.status, head.headers['content-type']]).toEqual([200, stream.headers['content-type']]);
        stream.close();
      } else {
        const get = await asOwner({ path: to });
        expect([to, head.status, stable(head.headers)]).toEqual([to, get.status, stable(get.headers)]);
        expect(get.bytes.length).toBeGreaterThan(0);
        const tag = get.headers.etag;
        if (tag !== undefined)
          for (const method of ['GET', 'HEAD'])
            expect((await asOwner({ method, path: to, headers: { 'if-none-match': tag } })).status).toBe(304);
      }
    }
  }
});

it('HEAD of a stream ends', async () => {
  const answer = await world.asOwner({
    method: 'HEAD',
    path: `/v1/generations/${world.owned.open}/events`,
    headers: { accept: 'text/event-stream' },
  });
  expect([answer.status, answer.headers['content-type'], answer.text]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
    '',
  ]);
});
