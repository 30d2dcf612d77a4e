import { newUuid, toPublicId } from '@darkroom/platform';
import { documentedOperations, type DocumentedOperation, valueOf } from './testing/documented-operations.js';
import type { Answer, Call } from './testing/http-call.js';
import { openStream } from './testing/open-stream.js';
import { type StatementTap, tapStatements } from './testing/statement-tap.js';
import { ownersPrompt, startTwoTenants, type TwoTenants } from './testing/two-tenants.js';
import { until } from './testing/until.js';

/**
 * Two tenants and every call of the API's document. A call that is added is tried here without a word said about it; one that
 * cannot be filled in fails, and so does one whose answer does not depend on what its own tenant did.
 */

/** What does not depend on what a tenant asked for. */
const sameForAll = new Set(['listModels']);

let world: TwoTenants;
let owned: TwoTenants['owned'];
let operations: readonly DocumentedOperation[];
let tap: StatementTap;
beforeAll(async () => {
  world = await startTwoTenants();
  tap = await tapStatements(world.intake.database.apiUrl);
  await world.intake.restart({ databaseUrl: tap.url });
  ({ owned } = world);
  operations = documentedOperations((await world.intake.bare({ path: '/openapi.json' })).text);
});
afterAll(async () => {
  await world.intake.stop();
  await tap.stop();
});

/** Everything of the owner's that a path may name. */
const owner = (collection: string): readonly string[] => {
  if (collection === 'generations') return [owned.finished, owned.open];
  if (collection === 'artifacts') return [owned.artifact];
  throw new Error(`what is foreign in /${collection}/? Say so here.`);
};
const missing = (id: string): string => toPublicId(id.startsWith('art') ? 'art' : 'gen', newUuid());

const bodies: Readonly<Record<string, unknown>> = {
  CreateGeneration: { prompt: 'x' },
  OpenSession: { key: 'x' },
};

function bodyOf({ id, body }: DocumentedOperation): Pick<Call, 'body'> {
  if (body === undefined) return {};
  if (!(body in bodies)) throw new Error(`no body of ${id} is known. Say here what it takes.`);
  return { body: bodies[body] };
}

/** Values that would tell something of the owner's where they were honoured. */
function headerValues(name: string): readonly string[] {
  const known: Readonly<Record<string, readonly string[]>> = {
    'if-none-match': [owned.etag, '*'],
    range: ['bytes=0-1', 'bytes=999999-'],
    'if-range': [owned.etag],
    'last-event-id': ['1', '999'],
  };
  const values = known[name];
  if (!values) throw new Error(`no value of ${name} is known. Say here what it takes.`);
  return values;
}

const isStream = (type: string): boolean => type === 'text/event-stream' || type === 'application/x-ndjson';

/** One call in all the ways in which it can be made on `id`: each media type, each header; the signature of another link. */
function* waysOf(operation: DocumentedOperation, id: string): Generator<Call> {
  const path = operation.path.replaceAll(/\{\w+\}/g, id);
  const call: Call = { method: operation.method, path, ...bodyOf(operation) };
  for (const type of operation.mediaTypes)
    // Of one that has not ended it would go on for ever, had it begun.
    if (!isStream(type) || id !== owned.open) yield { ...call, headers: { accept: type } };
  if (operation.mediaTypes.length === 0) yield call;
  for (const name of operation.headers)
    for (const value of headerValues(name)) yield { ...call, headers: { [name]: value } };
  const [, link = ''] = owned.contentUrl.split('?');
  if (operation.query.some(({ name }) => name === 'signature'))
    yield { ...call, path: `${path}?${link.replace(/.$/, '_')}` };
}

/** An answer without what differs between any two of them. */
function seen(answer: Answer, id: string) {
  const { date: _date, ...headers } = answer.headers;
  const text = answer.text.replace(/"trace_id":"[0-9a-f]{32}"/, '"trace_id":"…"').replaceAll(id, '{id}');
  return { status: answer.status, headers, text };
}

/** A call's answer, and what it asked the database: how long that takes is told by nothing else. */
async function asked(by: TwoTenants['asOther'], call: Call, id: string) {
  tap.take();
  const answer = await by(call);
  // Who calls is remembered for two seconds: whether that is asked says nothing of the id.
  const statements = tap.take().filter((text) => !text.includes('intake.api_keys'));
  return { status: answer.status, seen: seen(answer, id), statements };
}

it('knows what the document says, and that there is much of it', async () => {
  expect(operations.length).toBeGreaterThan(12);
  expect(owned.next).not.toBe('');
  expect((await world.asOtherPage({ path: '/v1/models' })).status).toBe(200);
});

it('answers a foreign id exactly as one that does not exist, and by the same statements, on every call that takes one', async () => {
  const before = await Promise.all(
    [owned.finished, owned.open].map((id) => world.asOwner({ path: `/v1/generations/${id}/events` })),
  );
  const tried = new Set<string>();
  for (const operation of operations) {
    const [segment, ...more] = operation.segments;
    // A vendor's token names an attempt, not a tenant; it is signed, and a guessed one opens nothing.
    if (segment === undefined || operation.isOpen) continue;
    if (more.length > 0) throw new Error(`${operation.id} takes several ids. Say here what is foreign.`);
    for (const foreign of owner(segment.collection)) {
      const none = missing(foreign);
      const [theirs, nobodys] = [[...waysOf(operation, foreign)], [...waysOf(operation, none)]];
      for (const by of [world.asOther, world.asOtherPage])
        for (const [way, call] of theirs.entries()) {
          const hidden = await asked(by, call, foreign);
          expect([call, hidden]).toEqual([call, await asked(by, nobodys[way] ?? call, none)]);
          expect([call, hidden.status]).toEqual([call, 404]);
          expect(hidden.statements).not.toEqual([]);
          tried.add(operation.id);
        }
    }
  }
  expect(tried.size).toBeGreaterThanOrEqual(7);
  const after = await Promise.all(
    [owned.finished, owned.open].map((id) => world.asOwner({ path: `/v1/generations/${id}/events` })),
  );
  expect(after.map(({ text }) => text)).toEqual(before.map(({ text }) => text));
});

it('shows no tenant what another did, and no change by it, on every call that takes no id', async () => {
  const lists = operations.filter(
    ({ method, segments, mediaTypes, isOpen }) =>
      method === 'GET' && segments.length === 0 && !isOpen && !mediaTypes.some(isStream),
  );
  const known: Readonly<Record<string, string>> = { limit: '1', model: 'sim/standard', after: owned.next };
  const ways = lists.flatMap((operation) => [
    { operation, path: operation.path },
    ...operation.query.map((parameter) => {
      const value = known[parameter.name] ?? valueOf(parameter);
      if (value === undefined)
        throw new Error(`no value of ${parameter.name} of ${operation.id} is known. Say here what it takes.`);
      return { operation, path: `${operation.path}?${parameter.name}=${encodeURIComponent(value)}` };
    }),
  ]);
  // Links are signed anew as time goes by.
  const look = async (by: TwoTenants['asOwner']): Promise<string[]> =>
    Promise.all(
      ways.map(async ({ path }) => {
        const { status, text } = await by({ path });
        return `${path} ${status} ${text.replaceAll(/expires=\d+&signature=[\w-]+|"trace_id":"\w+"/g, '')}`;
      }),
    );
  const [others, owners] = [await look(world.asOther), await look(world.asOwner)];
  const added = await world.createFinished(world.asOwner, ownersPrompt);
  const canceled = await world.create(world.asOwner, ownersPrompt);
  await world.asOwner({ method: 'POST', path: `/v1/generations/${canceled}/cancel` });
  await world.asOwner({ method: 'DELETE', path: `/v1/generations/${added}/content` });
  for (const id of [added, canceled]) await world.listed(world.asOwner, id);
  const [othersNow, ownersNow] = [await look(world.asOther), await look(world.asOwner)];
  expect(othersNow).toEqual(others);
  for (const mark of [...world.marks, added, canceled])
    for (const answer of othersNow) expect(answer).not.toContain(mark);

  const changed = new Set(
    ways.filter((_, n) => owners[n] !== ownersNow[n]).map(({ operation }) => operation.id),
  );
  expect([...changed].toSorted()).toEqual(
    lists
      .map(({ id }) => id)
      .filter((id) => !sameForAll.has(id))
      .toSorted(),
  );
});

it("takes no other tenant's cursor, as if it were none", async () => {
  const stolen = await world.asOther({ path: `/v1/generations?limit=1&after=${owned.next}` });
  const garbage = await world.asOther({
    path: `/v1/generations?limit=1&after=${owned.next.replace(/^./, '_')}`,
  });
  expect(seen(stolen, '')).toEqual(seen(garbage, ''));
  expect([stolen.status, stolen.json<{ code: string }>().code]).toEqual([400, 'invalid_cursor']);
});

it("tells no other tenant's events in any stream, from any place that it is given", async () => {
  const streams = operations.filter(
    ({ segments, mediaTypes }) => segments.length === 0 && mediaTypes.some(isStream),
  );
  expect(streams.length).toBeGreaterThan(0);
  // Stays open: what is pushed to one must not reach the other.
  const theirs = await openStream(world.intake.url, '/v1/events?after=', {
    authorization: `Bearer ${world.intake.key}`,
  });
  await theirs.message(({ data }) => data?.includes(owned.open) ?? false);
  const places = theirs.messages.flatMap(({ id }) => (id === undefined ? [] : [id]));
  const nowhere = 'f'.repeat(32);
  for (const { path, mediaTypes, headers, query } of streams)
    for (const accept of mediaTypes)
      for (const place of ['', places[0] ?? '', places.at(-1) ?? '', nowhere]) {
        const from: Record<string, string> =
          headers.includes('last-event-id') && place !== '' ? { 'last-event-id': place } : {};
        const all = query.some(({ name }) => name === 'after') ? `${path}?after=` : path;
        const stream = await openStream(world.intake.url, all, {
          authorization: `Bearer ${world.intake.foreignKey}`,
          accept,
          ...from,
        });
        // A place that is nowhere is answered with another: what comes before that one is not told.
        if (from['last-event-id'] === nowhere)
          await until('its place', async () => (stream.text().includes('resync') ? true : undefined));
        const [last, hidden] = [
          await world.create(world.asOther, 'my own'),
          await world.create(world.asOwner, ownersPrompt),
        ];
        const end = await world.create(world.asOther, 'my own');
        await until('my own event', async () => (stream.text().includes(end) ? true : undefined));
        expect(stream.text()).toContain(last);
        for (const mark of [...world.marks, hidden]) expect(stream.text()).not.toContain(mark);
        stream.close();
      }
  theirs.close();
});

it('keeps the idempotency keys of tenants apart, on every call that takes one', async () => {
  const keyed = operations.filter(({ headers }) => headers.includes('idempotency-key'));
  expect(keyed.length).toBeGreaterThan(0);
  for (const operation of keyed) {
    if (operation.segments.length > 0) throw new Error(`${operation.id}: say here what it is called on.`);
    const { method, path } = operation;
    const call: Call = { method, path, headers: { 'idempotency-key': newUuid() }, ...bodyOf(operation) };
    const first = await world.asOwner(call);
    for (const body of [call.body, { prompt: 'quite another' }]) {
      const other = await world.asOther({ ...call, headers: { 'idempotency-key': newUuid() }, body });
      const taken = await world.asOther({ ...call, headers: { ...call.headers }, body });
      if (body === call.body) {
        expect([first.status, taken.status]).toEqual([other.status, other.status]);
        expect(taken.headers).not.toHaveProperty('idempotency-replayed');
        expect(taken.headers.location).not.toBe(first.headers.location);
      } else {
        // By now it is this tenant's own key, of its own request.
        expect(taken.json<{ code: string }>().code).toBe('idempotency_mismatch');
      }
    }
    const again = await world.asOwner(call);
    expect([again.text, again.headers['idempotency-replayed']]).toEqual([first.text, 'true']);
  }
});

it('tells nobody anything on calls that need no key', async () => {
  const open = operations.filter(({ isOpen, method }) => isOpen && method === 'GET');
  expect(open.length).toBeGreaterThan(0);
  for (const { path, segments } of open) {
    expect(segments).toEqual([]);
    const answer = await world.intake.bare({ path });
    for (const mark of world.marks) expect(answer.text).not.toContain(mark);
  }
});

it('has a test above for every call of the document', () => {
  const writesWithoutId = operations.filter(
    ({ method, segments, headers, isOpen }) =>
      method !== 'GET' && segments.length === 0 && !isOpen && !headers.includes('idempotency-key'),
  );
  expect(writesWithoutId.map(({ id }) => id)).toEqual([]);
});

describe('a signed link', () => {
  it('opens its own image for whoever has it, and no other address', async () => {
    const [path = '', query = ''] = owned.contentUrl.split('?');
    expect((await world.asOther({ path: owned.contentUrl })).status).toBe(200);
    for (const operation of operations.filter(({ query: names }) =>
      names.some(({ name }) => name === 'signature'),
    )) {
      const own = operation.path.replace('{id}', owned.artifact);
      const foreign = { path: `${own}?${query}` };
      const other = { path: `${operation.path.replace('{id}', missing(owned.artifact))}?${query}` };
      if (own !== path) expect((await world.intake.bare(foreign)).status).toBe(403);
      expect((await world.intake.bare(other)).status).toBe(403);
      expect((await world.asOther(other)).status).toBe(404);
    }
  });
});
