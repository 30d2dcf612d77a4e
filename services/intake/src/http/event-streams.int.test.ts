import { newUuid, toPublicId } from '@darkroom/platform';
import { historyEnvelope, problemSchema } from '../openapi/response-schemas.js';
import { finish, startAttempt } from '../testing/gateway-events.js';
import { openStream, type SseMessage } from '../testing/open-stream.js';
import { startTestIntake, type TestIntake } from '../testing/test-intake.js';
import { until } from '../testing/until.js';

let intake: TestIntake;
beforeAll(async () => {
  intake = await startTestIntake({ heartbeatMs: 200 });
});
afterAll(() => intake.stop());

const sse = 'text/event-stream';
const follow = (path: string, headers: Record<string, string> = {}, key: string = intake.key) =>
  openStream(intake.url, path, { authorization: `Bearer ${key}`, accept: sse, ...headers });
const typesOf = (messages: readonly SseMessage[]): string[] =>
  messages.flatMap(({ data }) => (data === undefined ? [] : [JSON.parse(data).type]));

describe('the history of one generation', () => {
  it('is a list of what its tenant may see', async () => {
    const id = await intake.create({ prompt: 'not for the log' });
    await startAttempt(intake.store, id);
    await finish(intake, id);
    const answer = await intake.call({ path: `/v1/generations/${id}/events` });
    expect(answer.status).toBe(200);
    const { data } = answer.json(historyEnvelope);
    expect(data.map(({ type, version, run }) => [type, version, run])).toEqual([
      ['GenerationRequested', 1, 1],
      ['SubmissionStarted', 2, 1],
      ['SubmissionAccepted', 3, 1],
      ['OutputsProduced', 4, 1],
      ['ArtifactStored', 5, 1],
      ['GenerationCompleted', 6, 1],
    ]);
    for (const secret of ['not for the log', 'vendor.example', 'storageKey', 'reference', 'promptSalt'])
      expect(answer.text).not.toContain(secret);
  });

  it('is followed to its end, and resumed after a version', async () => {
    const id = await intake.create();
    const stream = await follow(`/v1/generations/${id}/events`);
    expect([stream.status, stream.headers['content-type'], stream.headers['cache-control']]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
      'no-store',
    ]);
    await stream.message(({ id: version }) => version === '1');
    await startAttempt(intake.store, id);
    await finish(intake, id);
    await stream.ended;
    expect(
      stream.messages.filter(({ id: version }) => version !== undefined).map(({ id: version }) => version),
    ).toEqual(['1', '2', '3', '4', '5', '6']);
    const resumed = await follow(`/v1/generations/${id}/events`, { 'last-event-id': '4' });
    await resumed.ended;
    expect(typesOf(resumed.messages)).toEqual(['ArtifactStored', 'GenerationCompleted']);
    const over = await follow(`/v1/generations/${id}/events`, { 'last-event-id': '6' });
    await over.ended;
    expect(typesOf(over.messages)).toEqual([]);
    for (const lastEventId of ["x'; drop table", '-1', '1e3', '9'.repeat(40), '999', '7']) {
      const lost = await follow(`/v1/generations/${id}/events`, { 'last-event-id': lastEventId });
      await lost.ended;
      expect([lastEventId, typesOf(lost.messages).length]).toEqual([lastEventId, 6]);
    }
  });

  it('is told to its end also to a reader that comes with a version of the future', async () => {
    const id = await intake.create();
    const stream = await follow(`/v1/generations/${id}/events`, { 'last-event-id': '999' });
    await stream.message(({ id: version }) => version === '1');
    await startAttempt(intake.store, id);
    await finish(intake, id);
    await stream.ended;
    expect(typesOf(stream.messages).at(-1)).toBe('GenerationCompleted');
  });

  it('keeps the connection alive while nothing happens', async () => {
    const stream = await follow(`/v1/generations/${await intake.create()}/events`);
    await until('two heartbeats', async () =>
      stream.text().split(': heartbeat').length > 2 ? true : undefined,
    );
    stream.close();
  });
});

describe("the tenant's feed", () => {
  it('tells what is new, keeps the connection alive, and resumes without loss', async () => {
    const stream = await follow('/v1/events');
    await stream.message((message) => message.id !== undefined);
    const first = await intake.create();
    await stream.message(({ data }) => data?.includes(first) ?? false);
    await until('a heartbeat', async () => (stream.text().includes(': heartbeat') ? true : undefined));
    const last = stream.messages.findLast(({ id }) => id !== undefined)?.id ?? '';
    stream.close();

    const second = await intake.create();
    const third = await intake.create();
    const resumed = await follow('/v1/events', { 'last-event-id': last });
    await resumed.message(({ data }) => data?.includes(third) ?? false);
    const told = resumed.messages.flatMap(({ data }) => (data === undefined ? [] : [JSON.parse(data)]));
    expect(told.map(({ generation, type }) => [generation, type])).toEqual([
      [second, 'GenerationRequested'],
      [third, 'GenerationRequested'],
    ]);
    expect(told[0]).toMatchObject({ cursor: expect.stringMatching(/^[0-9a-f]{32}$/), id: `${second}.1` });
    resumed.close();
  });

  it('is cut and resumed again and again while others write, also over a restart: each event once, in order', async () => {
    const start = await follow('/v1/events');
    const { id: from = '' } = await start.message(({ id }) => id !== undefined);
    start.close();
    const made = new Set<string>();
    const write = async (): Promise<void> => {
      for (let n = 0; n < 60; n += 1) made.add(await intake.create());
    };
    const writers = { busy: 3 };
    const done = Promise.all(
      [write(), write(), write()].map((one) => one.finally(() => (writers.busy -= 1))),
    );
    const told: { generation: string; cursor: string }[] = [];
    let place = from;
    while (writers.busy > 0 || told.length < made.size) {
      const stream = await follow('/v1/events?after=', { 'last-event-id': place });
      // Some of them, then it is cut.
      await until('some more', async () =>
        stream.messages.filter(({ data }) => data !== undefined).length >= 1 + (told.length % 17) ||
        (writers.busy === 0 && stream.text().includes(': heartbeat'))
          ? true
          : undefined,
      );
      for (const { id, data } of stream.messages) {
        if (id !== undefined) place = id;
        if (data !== undefined) told.push(JSON.parse(data));
      }
      stream.close();
    }
    await done;
    expect(told.map(({ generation }) => generation).toSorted()).toEqual([...made].toSorted());
    expect(told.map(({ cursor }) => cursor)).toEqual(told.map(({ cursor }) => cursor).toSorted());

    // In one go it is more than one page, and the same.
    const whole = await follow('/v1/events', { 'last-event-id': from });
    await until('all of it', async () => (typesOf(whole.messages).length >= made.size ? true : undefined));
    expect(whole.messages.flatMap(({ id, data }) => (data === undefined ? [] : [id]))).toEqual(
      told.map(({ cursor }) => cursor),
    );
    whole.close();

    await intake.restart();
    const after = await intake.create();
    const resumed = await follow('/v1/events', { 'last-event-id': place });
    await resumed.message(({ data }) => data?.includes(after) ?? false);
    expect(typesOf(resumed.messages)).toEqual(['GenerationRequested']);
    resumed.close();
  });

  it('is lines of JSON for who asks so, from the beginning, filtered by type', async () => {
    const id = await intake.create();
    await startAttempt(intake.store, id);
    const stream = await follow('/v1/events?type=SubmissionStarted', { accept: 'application/x-ndjson' });
    expect(stream.headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    await until('the line', async () => (stream.text().includes(id) ? true : undefined));
    const lines = stream
      .text()
      .split('\n')
      .filter((line) => line !== '');
    expect(new Set(lines.map((line) => JSON.parse(line).type))).toEqual(new Set(['SubmissionStarted']));
    const { cursor } = JSON.parse(lines.at(-1) ?? '');
    stream.close();
    const after = await follow(`/v1/events?after=${cursor}`, { accept: 'application/x-ndjson' });
    const next = await intake.create();
    await until('the next line', async () => (after.text().includes(next) ? true : undefined));
    expect(after.text()).not.toContain(id);
    after.close();
  });

  it.each([
    ['garbage', 'garbage'],
    ['of the future', 'f'.repeat(32)],
  ])('answers a Last-Event-ID that is %s with resync, and goes on', async (_, lastEventId) => {
    const stream = await follow('/v1/events', { 'last-event-id': lastEventId });
    await stream.message(({ event }) => event === 'resync');
    const id = await intake.create();
    await stream.message(({ data }) => data?.includes(id) ?? false);
    stream.close();
  });

  it("never tells a tenant of another's", async () => {
    const mine = await intake.create();
    const foreign = await follow('/v1/events?after=', {}, intake.foreignKey);
    await until('a heartbeat', async () => (foreign.text().includes(': heartbeat') ? true : undefined));
    expect(foreign.text()).not.toContain(mine);
    expect(foreign.text()).not.toContain('gen_');
    foreign.close();
  });

  it.each(['after=xyz', 'type=Nothing', 'type=PaidOrphanRecorded', 'limit=1', 'after=a&after=b'])(
    'refuses ?%s',
    async (query) => {
      const answer = await intake.call({ path: `/v1/events?${query}` });
      expect(answer.status).toBe(400);
    },
  );

  it('is closed soon after its key was revoked', async () => {
    const stream = await follow('/v1/events', {}, intake.foreignKey);
    await stream.message((message) => message.id !== undefined);
    await intake.database
      .superuser`update intake.api_keys set revoked_at = clock_timestamp() where tenant = 'other'`;
    const begun = performance.now();
    await stream.ended;
    expect(performance.now() - begun).toBeLessThan(5_000);
    await until('the key to be refused', async () => {
      const { status } = await intake.bare({
        path: '/v1/models',
        headers: { authorization: `Bearer ${intake.foreignKey}` },
      });
      return status === 401 ? true : undefined;
    });
  });

  it('is refused when too many are open, and says when to come back; what is held for an end is answered at once', async () => {
    await intake.restart({ mostStreams: 2 });
    const id = await intake.create();
    const open = [await follow('/v1/events'), await follow(`/v1/generations/${id}/events`)];
    for (const path of ['/v1/events', `/v1/generations/${id}/events`]) {
      const answer = await intake.call({ path, headers: { accept: sse } });
      expect([answer.status, answer.headers['retry-after']]).toEqual([429, '10']);
      expect(answer.json(problemSchema)).toMatchObject({ code: 'rate_limited', retryable: true });
    }
    const held = await intake.call({
      method: 'POST',
      path: '/v1/generations',
      headers: { 'idempotency-key': newUuid(), prefer: 'wait=60' },
      body: { prompt: 'x' },
    });
    expect(held.status).toBe(202);
    open[0]?.close();
    await until('room', async () => {
      const stream = await follow('/v1/events');
      stream.close();
      return stream.status === 200 ? true : undefined;
    });
    open[1]?.close();
    await intake.restart();
  });

  it('ends with the process, at once', async () => {
    const stream = await follow('/v1/events');
    const one = await follow(`/v1/generations/${await intake.create()}/events`);
    await stream.message((message) => message.id !== undefined);
    const begun = performance.now();
    const restarted = intake.restart();
    await Promise.all([stream.ended, one.ended]);
    // After two seconds they would have been cut.
    expect(performance.now() - begun).toBeLessThan(2_000);
    await restarted;
  });
});

it('is nothing for a stranger', async () => {
  for (const path of ['/v1/events', `/v1/generations/${toPublicId('gen', newUuid())}/events`]) {
    const stream = await openStream(intake.url, path, { accept: sse });
    expect(stream.status).toBe(401);
    stream.close();
  }
});
