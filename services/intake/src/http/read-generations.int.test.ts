import { newUuid, toPublicId } from '@darkroom/platform';
import type { z } from 'zod';
import {
  acceptedEnvelope,
  countsEnvelope,
  generationEnvelope,
  generationPage,
  type generationSchema,
} from '../openapi/response-schemas.js';
import { finish, startAttempt } from '../testing/gateway-events.js';
import { startTestIntake, type TestIntake } from '../testing/test-intake.js';
import { until } from '../testing/until.js';

type Resource = z.output<typeof generationSchema>;

let intake: TestIntake;
beforeAll(async () => {
  intake = await startTestIntake();
});
afterAll(() => intake.stop());

const path = '/v1/generations';
const asForeigner = () => ({ authorization: `Bearer ${intake.foreignKey}` });

describe('one generation', () => {
  it('is 304 for who has it, and says when to look again while it is open', async () => {
    const id = await intake.create();
    const first = await intake.call({ path: `${path}/${id}` });
    expect(first.headers).toMatchObject({
      etag: expect.stringMatching(/^W\/"[\w-]+"$/),
      'retry-after': '1',
      'cache-control': 'private, no-cache',
    });
    const ifNoneMatch = { 'if-none-match': String(first.headers.etag) };
    const second = await intake.call({ path: `${path}/${id}`, headers: ifNoneMatch });
    expect([second.status, second.text, second.headers.etag]).toEqual([304, '', first.headers.etag]);

    await startAttempt(intake.store, id);
    const third = await intake.call({ path: `${path}/${id}`, headers: ifNoneMatch });
    expect(third.status).toBe(200);
    expect(third.json(generationEnvelope).data).toMatchObject({ status: 'processing', version: 2 });

    await finish(intake, id);
    const last = await intake.call({ path: `${path}/${id}`, headers: ifNoneMatch });
    expect(last.json(generationEnvelope).data.status).toBe('succeeded');
    expect(last.headers).not.toHaveProperty('retry-after');
  });

  it('has another tag once the words of its answer are others, though nothing was appended', async () => {
    const id = await intake.create();
    const first = await intake.call({ path: `${path}/${id}` });
    expect(first.json(generationEnvelope).data).toMatchObject({ version: 1, status_reason: null });
    const headers = { 'if-none-match': String(first.headers.etag) };
    const later = await until('the reason why it waits', async () => {
      const answer = await intake.call({ path: `${path}/${id}`, headers });
      return answer.status === 200 ? answer : undefined;
    });
    expect(later.json(generationEnvelope).data).toMatchObject({
      version: 1,
      status_reason: { code: 'waiting_for_slot' },
    });
    expect(later.headers.etag).not.toBe(first.headers.etag);
  });

  it.each(['*', 'W/"x", %s', '%s, "y"', '"x",%s,"y"'])('is 304 for If-None-Match: %s', async (list) => {
    const id = await intake.create();
    const { headers } = await intake.call({ path: `${path}/${id}` });
    const weak = String(headers.etag);
    for (const tag of [weak, weak.replace('W/', '')]) {
      const sent = { 'if-none-match': list.replace('%s', tag) };
      expect((await intake.call({ path: `${path}/${id}`, headers: sent })).status).toBe(304);
    }
    const other = { 'if-none-match': '"x", "y"' };
    expect((await intake.call({ path: `${path}/${id}`, headers: other })).status).toBe(200);
  });

  it('is the same 404 for what is foreign, unknown and no id, on every call', async () => {
    const id = await intake.create();
    const strangers = [
      id,
      toPublicId('gen', newUuid()),
      'gen_x',
      id.replace('gen_', 'art_'),
      id.toUpperCase(),
      '%00',
    ];
    for (const [method, tail] of [
      ['GET', ''],
      ['POST', '/cancel'],
      ['GET', '/events'],
      ['DELETE', '/content'],
    ]) {
      const answers = await Promise.all(
        strangers.map((stranger) =>
          intake.bare({ method: method ?? '', path: `${path}/${stranger}${tail}`, headers: asForeigner() }),
        ),
      );
      expect(answers.map(({ status }) => status)).toEqual(strangers.map(() => 404));
      const bodies = answers.map(({ text }) => {
        const { instance: _instance, trace_id: _traceId, ...rest } = JSON.parse(text);
        return JSON.stringify(rest);
      });
      expect(new Set(bodies).size).toBe(1);
    }
    const mine = await intake.call({ path: `${path}/${id}` });
    expect(mine.json(generationEnvelope).data).toMatchObject({ status: 'queued', version: 1 });
  });
});

describe('the list', () => {
  const all = async (query = ''): Promise<Resource[]> => {
    const found: Resource[] = [];
    let next: string | null = `${path}?${query}`;
    while (next !== null) {
      const answer = await intake.call({ path: next });
      expect(answer.status).toBe(200);
      const page = answer.json(generationPage);
      found.push(...page.data);
      const link: string | undefined = /^<([^>]+)>; rel="next"$/.exec(
        String(answer.headers['link'] ?? ''),
      )?.[1];
      expect(link === undefined).toBe(page.next === null);
      next = link ?? null;
    }
    return found;
  };

  it('is newest first, page by page, and holds what is the tenant’s alone', async () => {
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1)
      made.unshift(await intake.create({ prompt: `n ${n}`, model: 'sim/reject' }));
    await until('the rows', async () => ((await all('model=sim/reject')).length === 5 ? true : undefined));
    expect((await all('limit=2&model=sim/reject')).map(({ id }) => id)).toEqual(made);
    expect((await all('status=queued,processing&model=sim/reject')).length).toBe(5);
    expect(await all('status=succeeded&model=sim/reject')).toEqual([]);
    const foreign = await intake.bare({ path, headers: asForeigner() });
    expect(foreign.json(generationPage)).toEqual({ data: [], next: null });

    const first = await intake.call({ path: `${path}?limit=2&model=sim/reject` });
    const { next } = first.json(generationPage);
    for (const query of [
      `after=${next}x&limit=2&model=sim/reject`,
      `after=${next}&limit=2`,
      `after=${next}&limit=2&model=sim/reject&status=failed`,
      'after=%00',
    ]) {
      const answer = await intake.call({ path: `${path}?${query}` });
      expect([query, answer.status]).toEqual([query, 400]);
    }
    const stolen = await intake.bare({
      path: `${path}?limit=2&model=sim/reject&after=${next}`,
      headers: asForeigner(),
    });
    expect([stolen.status, stolen.json<{ code: string }>().code]).toEqual([400, 'invalid_cursor']);
  });

  it('takes no cursor in which anything was changed', async () => {
    for (let n = 0; n < 3; n += 1) await intake.create({ prompt: 'x', model: 'sim/blind' });
    await until('the rows', async () => ((await all('model=sim/blind')).length === 3 ? true : undefined));
    const query = 'limit=1&model=sim/blind';
    const next = (await intake.call({ path: `${path}?${query}` })).json(generationPage).next ?? '';
    const after = async (cursor: string) =>
      intake.call({ path: `${path}?${query}&after=${encodeURIComponent(cursor)}` });
    expect((await after(next)).json(generationPage).data).toHaveLength(1);
    const changed = Array.from(
      next,
      (letter, at) => `${next.slice(0, at)}${letter === 'A' ? 'B' : 'A'}${next.slice(at + 1)}`,
    );
    for (const cursor of [
      ...changed,
      `${next}A`,
      next.slice(1),
      next.slice(0, -1),
      next + next,
      next.toUpperCase(),
      ` ${next}`,
      `${next}=`,
      '0',
      '{}',
      "' or 1=1",
    ]) {
      const answer = await after(cursor);
      expect([cursor, answer.status, answer.json<{ code: string }>().code]).toEqual([
        cursor,
        400,
        'invalid_cursor',
      ]);
    }
  });

  it('says which parameter of the query is wrong', async () => {
    const answer = await intake.call({ path: `${path}?limit=0&sort=asc` });
    expect([answer.status, answer.json<{ errors: unknown[] }>().errors]).toMatchObject([
      400,
      [
        { pointer: '/limit', in: 'query', code: 'invalid_format' },
        { pointer: '/sort', in: 'query', code: 'unknown_field' },
      ],
    ]);
  });

  it.each([
    'limit=0',
    'limit=-1',
    'limit=101',
    'limit=1000000000',
    'limit=abc',
    'limit=',
    'limit=1&limit=2',
    'limit=1e1',
    'status=done',
    'status=',
    'created_after=yesterday',
    'created_before=2026-13-01T00:00:00Z',
    'sort=asc',
    'tenant=other',
    '__proto__=1',
    'constructor=1',
    'after=',
    `after=${'x'.repeat(300)}`,
    'model=%00',
  ])('refuses ?%s', async (query) => {
    const answer = await intake.call({ path: `${path}?${query}` });
    expect(answer.status).toBe(400);
    expect(['invalid_query', 'invalid_cursor']).toContain(answer.json<{ code: string }>().code);
  });
});

describe('the counts', () => {
  it('are of all that the tenant has, and of nobody else’s', async () => {
    const countsOf = async (headers?: Record<string, string>) => {
      const ask = { path: `${path}/counts`, ...(headers ? { headers } : {}) };
      const answer = await (headers ? intake.bare(ask) : intake.call(ask));
      expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'private, no-cache']);
      return answer.json(countsEnvelope).data;
    };
    const before = await countsOf();
    const id = await intake.create({ prompt: 'counted', model: 'sim/keyed' });
    await startAttempt(intake.store, id);
    await finish(intake, id);
    await intake.create({ prompt: 'counted, too', model: 'sim/keyed' });
    const expected = {
      ...before,
      queued: before.queued + 1,
      succeeded: before.succeeded + 1,
      total: before.total + 2,
    };
    await until('the rows', async () => {
      const counts = await countsOf();
      return counts.total === expected.total && counts.succeeded === expected.succeeded ? true : undefined;
    });
    expect(await countsOf()).toEqual(expected);
    expect(new Set(Object.values(await countsOf(asForeigner())))).toEqual(new Set([0]));
    expect((await intake.bare({ path: `${path}/counts` })).status).toBe(401);
  });
});

describe('cancel', () => {
  const cancel = (id: string) => intake.call({ method: 'POST', path: `${path}/${id}/cancel` });

  it('is 202 with the resource, and the same again', async () => {
    const id = await intake.create();
    await startAttempt(intake.store, id);
    const answers = await Promise.all([cancel(id), cancel(id), cancel(id)]);
    for (const answer of answers) {
      expect(answer.status).toBe(202);
      expect(answer.json(generationEnvelope).data).toMatchObject({ id, status: 'processing' });
    }
    const [row] = await intake.database.sql`
      select count(*)::int as n, min(metadata ->> 'actor') as actor from event_store.events where type = 'CancellationRequested'`;
    expect(row).toEqual({ n: 1, actor: expect.stringMatching(/^client:[0-9a-f-]{36}$/) });
  });

  it('is 409 once pictures are being verified, and once it has ended', async () => {
    const id = await intake.create();
    await startAttempt(intake.store, id);
    const midway = await finish(intake, id, 'produced');
    const late = await cancel(id);
    expect([late.status, late.json<{ code: string }>().code]).toEqual([409, 'too_late']);
    await midway.complete();
    const over = await cancel(id);
    expect([over.status, over.json<{ code: string }>().code]).toEqual([409, 'already_final']);
  });
});

describe('Prefer: wait', () => {
  const post = (prefer: string, key: string = newUuid()) =>
    intake.call({
      method: 'POST',
      path,
      headers: { 'idempotency-key': key, prefer },
      body: { prompt: 'x', model: 'sim/keyed' },
    });

  it('answers 200 with the whole resource when it ends in time; a replay is a 202', async () => {
    const key = newUuid();
    const answer = post('respond-async, wait=30', key);
    const id = await until('the request', async () => {
      const [row] = await intake.database.sql`
        select id from event_store.streams where idempotency_key = ${key}`;
      return row && toPublicId('gen', String(row['id']));
    });
    await startAttempt(intake.store, id);
    await finish(intake, id);
    const { status, headers, ...rest } = await answer;
    expect([status, headers['preference-applied']]).toEqual([200, 'wait=30']);
    expect(rest.json(generationEnvelope).data).toMatchObject({ id, status: 'succeeded' });
    const replay = await post('wait=30', key);
    expect([replay.status, replay.json(acceptedEnvelope).data.status]).toEqual([202, 'queued']);
  });

  it('ends with the process, and what was asked for is there', async () => {
    const key = newUuid();
    const answer = post('wait=60', key);
    await until('the request', async () => {
      const [row] = await intake.database.superuser`
        select id from event_store.streams where idempotency_key = ${key}`;
      return row;
    });
    const begun = performance.now();
    await intake.restart();
    const { status, ...rest } = await answer;
    expect([status, performance.now() - begun < 5_000]).toEqual([202, true]);
    const { id } = rest.json(acceptedEnvelope).data;
    expect((await intake.call({ path: `${path}/${id}` })).status).toBe(200);
  });

  it.each([
    ['wait=0', 'wait=0'],
    ['wait = "1"', 'wait=1'],
    ['handling=lenient; x=y, wait=1', 'wait=1'],
  ])('understands %s', async (prefer, applied) => {
    const answer = await post(prefer);
    expect([answer.status, answer.headers['preference-applied']]).toEqual([202, applied]);
  });

  it('answers 202 when the time is over', async () => {
    const answer = await post('wait=1');
    expect([answer.status, answer.headers['preference-applied']]).toEqual([202, 'wait=1']);
  });

  it.each(['wait=abc', 'wait=-1', 'wait', 'respond-async'])('ignores %s', async (prefer) => {
    const answer = await post(prefer);
    expect(answer.status).toBe(202);
    expect(answer.headers).not.toHaveProperty('preference-applied');
  });

  it('is held no longer than the key works', async () => {
    const key = newUuid();
    const answer = intake.bare({
      method: 'POST',
      path,
      headers: { ...asForeigner(), 'idempotency-key': key, prefer: 'wait=60' },
      body: { prompt: 'x' },
    });
    await until('the request', async () => {
      const [row] = await intake.database.superuser`
        select id from event_store.streams where idempotency_key = ${key}`;
      return row;
    });
    await intake.database
      .superuser`update intake.api_keys set revoked_at = clock_timestamp() where tenant = 'other'`;
    const begun = performance.now();
    expect((await answer).status).toBe(202);
    expect(performance.now() - begun).toBeLessThan(5_000);
    await intake.database.superuser`update intake.api_keys set revoked_at = null where tenant = 'other'`;
  });
});

describe('erasing', () => {
  it('takes prompt and images of what has ended, for ever', async () => {
    const id = await intake.create({ prompt: 'a secret wish' });
    const erase = () => intake.call({ method: 'DELETE', path: `${path}/${id}/content` });
    await startAttempt(intake.store, id);
    const early = await erase();
    expect([early.status, early.json<{ code: string }>().code]).toEqual([409, 'still_open']);
    await finish(intake, id);
    const before = await intake.call({ path: `${path}/${id}` });
    const [image] = before.json(generationEnvelope).data.artifacts;

    expect((await erase()).status).toBe(204);
    expect((await erase()).status).toBe(204);
    const after = await intake.call({ path: `${path}/${id}` });
    expect(after.json(generationEnvelope).data).toMatchObject({
      status: 'succeeded',
      prompt: null,
      artifacts: [],
    });
    for (const call of [
      intake.bare({ path: image?.content_url ?? '' }),
      intake.call({ path: `/v1/artifacts/${image?.id}` }),
    ])
      expect((await call).status).toBe(410);
    const rows = await intake.database.sql`
      select personal::text from event_store.events where personal is not null and personal::text like '%secret wish%'`;
    expect(rows).toHaveLength(0);
  });
});
