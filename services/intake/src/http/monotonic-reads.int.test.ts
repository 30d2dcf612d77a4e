import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { finish, startAttempt } from '../testing/gateway-events.js';
import { type OpenStream, openStream } from '../testing/open-stream.js';
import { startTestIntake, type TestIntake } from '../testing/test-intake.js';

const resource = z.object({ id: z.string(), run: z.int(), version: z.int(), status: z.string() });
const one = z.object({ data: resource });
const page = z.object({ data: z.array(resource), next: z.string().nullable() });
const historyMessage = z.object({ version: z.int(), run: z.int() });
const feedMessage = z.object({ generation: z.string(), version: z.int(), run: z.int() });

/** Further than which a status never goes back, within a run. */
const rank: Readonly<Record<string, number>> = { queued: 0, processing: 0, verifying: 1, succeeded: 2 };

let intake: TestIntake;
afterEach(() => intake.stop());

it('no reader sees an older version than before, whichever way it asks, while the read models lag and catch up', async () => {
  // Now and then the read models stand still for a while, also in the middle of a generation.
  intake = await startTestIntake(
    {},
    { lag: () => pause(Math.random() < 0.3 ? 150 + Math.random() * 250 : 0) },
  );
  const seen = new Map<string, { run: number; version: number; rank: number }>();
  const sources = new Map<string, number>();
  type Seen = ReadonlyMap<string, { readonly run: number; readonly version: number; readonly rank: number }>;
  /** `least`: what had been seen when the request began; another reader may have seen more meanwhile. */
  const note = (
    from: string,
    id: string,
    run: number,
    version: number,
    status: string | undefined,
    least: Seen,
  ): void => {
    const before = least.get(id) ?? { run: 0, version: 0, rank: 0 };
    const older = run < before.run || (run === before.run && version < before.version);
    if (older) throw new Error(`${from}: ${id} at ${run}.${version} after ${before.run}.${before.version}`);
    const now = status === undefined ? before.rank : (rank[status] ?? 0);
    if (run === before.run && now < before.rank) throw new Error(`${from}: ${id} went back to ${status}`);
    const known = seen.get(id);
    if (known === undefined || run > known.run || (run === known.run && version >= known.version))
      seen.set(id, { run, version, rank: Math.max(now, run === known?.run ? known.rank : 0) });
    sources.set(from, (sources.get(from) ?? 0) + 1);
  };

  const over = new AbortController();
  const ids: string[] = [];
  const live = async (): Promise<void> => {
    for (let n = 0; n < 12; n += 1) {
      const id = await intake.create();
      ids.push(id);
      await startAttempt(intake.store, id);
      const produced = await finish(intake, id, 'produced');
      await pause(Math.random() * 40);
      await produced.complete();
    }
  };
  const get = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const id = ids[Math.floor(Math.random() * ids.length)];
      if (id === undefined) await pause(5);
      else {
        const least = new Map(seen);
        const answer = await intake.call({ path: `/v1/generations/${id}` });
        const { run, version, status } = answer.json(one).data;
        note('GET', id, run, version, status, least);
      }
    }
  };
  const list = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const least = new Map(seen);
      const answer = await intake.call({ path: '/v1/generations?limit=100' });
      for (const { id, run, version, status } of answer.json(page).data)
        note('list', id, run, version, status, least);
    }
  };
  /** What a stream has told so far, each message once. */
  const told = async (stream: OpenStream, each: (data: string) => void): Promise<void> => {
    let read = 0;
    while (!over.signal.aborted) {
      const messages = stream.messages.slice(read);
      read += messages.length;
      for (const { data } of messages) if (data !== undefined) each(data);
      await pause(5);
    }
    stream.close();
  };
  const authorization = `Bearer ${intake.key}`;
  const sse = { authorization, accept: 'text/event-stream' };
  const feed = async (): Promise<void> => {
    const stream = await openStream(intake.url, '/v1/events', sse);
    const newest = new Map<string, number>();
    await told(stream, (data) => {
      const message = feedMessage.safeParse(JSON.parse(data));
      if (!message.success) return;
      // A stream is its own order: it may be behind what the other ways told, and never behind itself.
      const { generation, version } = message.data;
      if (version <= (newest.get(generation) ?? 0))
        throw new Error(`feed: ${generation} at ${version} again`);
      newest.set(generation, version);
      sources.set('feed', (sources.get('feed') ?? 0) + 1);
      const known = seen.get(generation);
      if (known === undefined || version > known.version)
        note('feed first', generation, message.data.run, version, undefined, seen);
    });
  };
  const history = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const id = ids.at(-1);
      if (id === undefined) {
        await pause(5);
        continue;
      }
      const answer = await intake.call({ path: `/v1/generations/${id}/events` });
      const { data } = answer.json(z.object({ data: z.array(historyMessage) }));
      const last = data.at(-1);
      const known = seen.get(id);
      if (last && (known === undefined || last.version > known.version))
        note('history', id, last.run, last.version, undefined, seen);
      await pause(10);
    }
  };
  const readers = Promise.all([get(), get(), list(), feed(), history()]);
  readers.catch(() => over.abort());
  await live();
  const last = ids.at(-1) ?? '';
  while (!over.signal.aborted && (seen.get(last)?.rank ?? 0) < 2) await pause(10);
  over.abort();
  await readers;
  expect(seen.size).toBe(12);
  for (const from of ['GET', 'list', 'feed']) expect(sources.get(from) ?? 0).toBeGreaterThan(20);
}, 120_000);

it('a feed is resumed exactly after any of its cursors, also by another process, as lines and as messages', async () => {
  intake = await startTestIntake();
  const ids = await Promise.all(Array.from({ length: 6 }, () => intake.create()));
  for (const id of ids) await startAttempt(intake.store, id);
  const headers = { authorization: `Bearer ${intake.key}` };
  const total = 2 * ids.length;

  const lines = async (after: string, wanted: number): Promise<{ cursor: string; id: string }[]> => {
    const stream = await openStream(intake.url, `/v1/events?after=${after}`, {
      ...headers,
      accept: 'application/x-ndjson',
    });
    const end = performance.now() + 10_000;
    for (;;) {
      const whole = stream
        .text()
        .split('\n')
        .slice(0, -1)
        .filter((line) => line !== '');
      if (whole.length >= wanted || performance.now() > end) {
        stream.close();
        return whole.map((line) => z.object({ cursor: z.string(), id: z.string() }).parse(JSON.parse(line)));
      }
      await pause(5);
    }
  };
  const messages = async (lastEventId: string, wanted: number): Promise<string[]> => {
    const stream = await openStream(intake.url, '/v1/events', {
      ...headers,
      accept: 'text/event-stream',
      'last-event-id': lastEventId,
    });
    const end = performance.now() + 10_000;
    while (
      stream.messages.filter(({ data }) => data !== undefined).length < wanted &&
      performance.now() < end
    )
      await pause(5);
    stream.close();
    return stream.messages.flatMap(({ data }) =>
      data === undefined ? [] : [z.object({ id: z.string() }).parse(JSON.parse(data)).id],
    );
  };

  const all = await lines('', total);
  expect(new Set(all.map(({ id }) => id)).size).toBe(total);
  for (const restart of [false, true]) {
    if (restart) await intake.restart();
    for (const [n, { cursor }] of all.entries()) {
      const rest = all.slice(n + 1).map(({ id }) => id);
      expect((await lines(cursor, rest.length)).map(({ id }) => id)).toEqual(rest);
      if (rest.length > 0) expect(await messages(cursor, rest.length)).toEqual(rest);
    }
  }
}, 120_000);
