import { randomUUID } from 'node:crypto';
import { toPublicId } from '@darkroom/platform';
import { z } from 'zod';
import { ControlPlaneUnderTest, problemOf } from './testing/control-plane-under-test.js';

let ops: ControlPlaneUnderTest;
beforeAll(async () => {
  ops = await ControlPlaneUnderTest.create();
});
afterAll(async () => {
  await ops.drop();
});

describe('an operator finds, and orders,', () => {
  it('streams that a consumer could not get past', async () => {
    const waiting = await ops.running();
    await ops.database.sql`
    insert into bus.parked (consumer, stream, version, event_id, event_type, last_version, error, attempts, next_try_at)
    values ('artifact', ${waiting.stream}, 3, ${randomUUID()}, 'SubmissionAccepted', 4,
            ${ops.database.sql.json({ name: 'IllegalTransition', code: null, message: 'no' })}, 3, now())`;
    const parked = async (query: string) =>
      z.object({ data: z.array(z.unknown()) }).parse(await (await ops.call(`/ops/v1/parked${query}`)).json())
        .data;
    expect(await parked('')).toMatchObject([
      { consumer: 'artifact', generation: waiting.id, version: 3, last_version: 4, attempts: 3 },
    ]);
    expect(await parked('?consumer=other')).toEqual([]);
  });

  it('streams to be tried again, as a preview first, then for once and with an audit entry', async () => {
    const parkedStreams = Array.from({ length: 5 }, () => randomUUID());
    for (const [n, stream] of parkedStreams.entries())
      await ops.database.sql`
      insert into bus.parked (consumer, stream, version, event_id, event_type, last_version, error, attempts, next_try_at, parked_at)
      values (${n === 4 ? 'gateway' : 'replays'}, ${stream}, 1, ${randomUUID()}, 'GenerationRequested', 1,
              ${ops.database.sql.json({ name: n === 3 ? 'RangeError' : 'TypeError', code: null, message: 'no' })}, 3,
              now() + interval '1 hour', now() - ${5 - n} * interval '1 minute')`;
    const replayed = z.object({
      data: z.object({
        waiting: z.int(),
        preview: z.boolean(),
        streams: z.array(z.looseObject({ generation: z.string() })),
      }),
    });
    const ask = async (body: object) => {
      const asked = { reason: 'the decoder is mended', consumer: 'replays', error: 'TypeError', ...body };
      const response = await ops.call('/ops/v1/parked/replay', {
        method: 'POST',
        body: JSON.stringify(asked),
      });
      expect(response.status).toBe(200);
      return replayed.parse(await response.json()).data;
    };
    const due = async (): Promise<string[]> =>
      (
        await ops.database.sql<{ stream: string }[]>`
        select stream from bus.parked where consumer in ('replays', 'gateway') and next_try_at <= now() order by parked_at`
      ).map(({ stream }) => stream);
    const publicIds = parkedStreams.map((stream) => toPublicId('gen', stream));

    const preview = await ask({ cap: 2, preview: true });
    expect(preview).toMatchObject({ waiting: 3, preview: true });
    expect(preview.streams.map((one) => one.generation)).toEqual(publicIds.slice(0, 2));
    expect(await due()).toEqual([]);

    expect(await ask({ cap: 2 })).toMatchObject({
      waiting: 3,
      streams: preview.streams.map(({ generation: g }) => ({ generation: g })),
    });
    expect(await due()).toEqual(parkedStreams.slice(0, 2));
    expect((await ask({ cap: 2 })).streams.map((one) => one.generation)).toEqual([publicIds[2]]);
    expect((await ask({ cap: 2 })).streams).toEqual([]);
    expect(await due()).toEqual(parkedStreams.slice(0, 3));

    const { data } = await ops.found('audit?limit=3');
    expect(data.map((entry) => [entry['action'], entry['reason'], entry['generation']])).toEqual(
      Array.from({ length: 3 }, () => ['replay', 'the decoder is mended', null]),
    );
    expect(data[2]).toMatchObject({
      request: { consumer: 'replays', error: 'TypeError', cap: 2 },
      after: { tried: parkedStreams.slice(0, 2).map((stream) => ({ generation: stream })) },
    });
  });

  it.each([
    ['no reason', { cap: 1 }],
    ['no cap', { reason: 'x' }],
    ['a cap of nothing', { reason: 'x', cap: 0 }],
    ['a cap of everything', { reason: 'x', cap: 1_000_000_000 }],
    ['a filter that is none', { reason: 'x', cap: 1, colour: 'red' }],
  ])('no replay with %s', async (_what, body) => {
    const response = await ops.call('/ops/v1/parked/replay', { method: 'POST', body: JSON.stringify(body) });
    expect(response.status).toBe(422);
  });

  it('rebuilds of the read models: one at a time, with an audit entry', async () => {
    const ask = (body: object) =>
      ops.call('/ops/v1/read-models/rebuilds', { method: 'POST', body: JSON.stringify(body) });
    expect((await ask({})).status).toBe(422);
    const first = await ask({ reason: 'a model was changed' });
    expect(first.status).toBe(202);
    const { data: asked } = z
      .object({ data: z.looseObject({ id: z.string(), state: z.string() }) })
      .parse(await first.json());
    expect(asked).toMatchObject({ state: 'asked', events: 0, finished_at: null, error: null });
    const second = await ask({ reason: 'once more' });
    expect([second.status, (await problemOf(second)).code]).toEqual([409, 'not_possible_now']);
    const { data } = z
      .object({ data: z.array(z.looseObject({})) })
      .parse(await (await ops.call('/ops/v1/read-models/rebuilds')).json());
    expect(data).toEqual([asked]);
    const audit = await ops.found('audit?limit=1');
    expect(audit.data).toMatchObject([
      { action: 'rebuild', reason: 'a model was changed', after: { rebuild: asked.id } },
    ]);
  });
});
