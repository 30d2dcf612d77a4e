import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { finish, orderRetry, refuse, startAttempt } from '../testing/gateway-events.js';
import { type OpenStream, openStream } from '../testing/open-stream.js';
import { startTestIntake, type TestIntake } from '../testing/test-intake.js';

const resource = z.object({ id: z.string(), run: z.int(), version: z.int(), status: z.string() });
const one = z.object({ data: resource });
const page = z.object({ data: z.array(resource), next: z.string().nullable() });
const historyMessage = z.object({ version: z.int(), run: z.int() });
const feedMessage = z.object({ generation: z.string(), version: z.int(), run: z.int() });

/** Further than which a status never goes back, within a run. */
const rank: Readonly<Record<string, number>> = {
  queued: 0,
  processing: 0,
  verifying: 1,
  succeeded: 2,
  failed: 2,
};

let intake: TestIntake;
afterEach(() => intake.stop());

it('no reader sees an older version than any had before, whichever way it asks, while the read models lag and catch up', async () => {
  // Now and then the read models stand still for a while, also in the middle of a generation.
  intake = await startTestIntake(
    { heartbeatMs: 50 },
    { lag: () => pause(Math.random() < 0.3 ? 150 + Math.random() * 250 : 0) },
  );
  const nothing = { run: 0, version: 0, rank: 0 };
  type Seen = ReadonlyMap<string, typeof nothing>;
  const seen = new Map<string, typeof nothing>();
  const sources = new Map<string, number>();
  const count = (from: string): void => void sources.set(from, (sources.get(from) ?? 0) + 1);
  const isOlder = (one: { run: number; version: number }, than: { run: number; version: number }): boolean =>
    one.run < than.run || (one.run === than.run && one.version < than.version);
  /** From now on no reader that begins to ask may be told less. */
  const saw = (id: string, run: number, version: number, status?: string): void => {
    const known = seen.get(id) ?? nothing;
    if (isOlder({ run, version }, known)) return;
    const before = run === known.run ? known.rank : 0;
    seen.set(id, { run, version, rank: Math.max(before, status === undefined ? 0 : (rank[status] ?? 0)) });
  };
  /** `least`: what had been seen when the request began; another reader may have seen more meanwhile. */
  const note = (from: string, { id, run, version, status }: z.infer<typeof resource>, least: Seen): void => {
    const before = least.get(id) ?? nothing;
    if (isOlder({ run, version }, before))
      throw new Error(`${from}: ${id} at ${run}.${version} after ${before.run}.${before.version}`);
    if (run === before.run && (rank[status] ?? 0) < before.rank)
      throw new Error(`${from}: ${id} went back to ${status}`);
    saw(id, run, version, status);
    count(from);
  };

  const over = new AbortController();
  const ids: string[] = [];
  const runsOf = (n: number): number => 1 + (n % 2);
  const live = async (): Promise<void> => {
    for (let n = 0; n < 12; n += 1) {
      const id = await intake.create();
      ids.push(id);
      const last = runsOf(n);
      for (let run = 1; run < last; run += 1) {
        await startAttempt(intake.store, id, run);
        await refuse(intake.store, id, run);
        await pause(Math.random() * 40);
        await orderRetry(intake.store, id, run + 1);
      }
      await startAttempt(intake.store, id, last);
      const produced = await finish(intake, id, 'produced', last);
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
        note('GET', answer.json(one).data, least);
      }
    }
  };
  const list = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const least = new Map(seen);
      const answer = await intake.call({ path: '/v1/generations?limit=100' });
      for (const each of answer.json(page).data) note('list', each, least);
    }
  };
  const authorization = `Bearer ${intake.key}`;
  const sse = { authorization, accept: 'text/event-stream' };
  const dataOf = (stream: OpenStream): string[] =>
    stream.messages.flatMap(({ data }) => (data === undefined ? [] : [data]));
  /** It is a read model in the order of the log and may lag behind the others by design: held against itself alone. */
  const feed = async (): Promise<void> => {
    const stream = await openStream(intake.url, '/v1/events', sse);
    const newest = new Map<string, number>();
    let read = 0;
    while (!over.signal.aborted) {
      const told = dataOf(stream).slice(read);
      read += told.length;
      for (const data of told) {
        const { generation, run, version } = feedMessage.parse(JSON.parse(data));
        if (version <= (newest.get(generation) ?? 0))
          throw new Error(`feed: ${generation} at ${version} again`);
        newest.set(generation, version);
        saw(generation, run, version);
        count('feed');
      }
      await pause(5);
    }
    stream.close();
  };
  /** Tenants see every event that this test makes: a history has no gaps, and its last version is the generation's. */
  const noteHistory = (
    from: string,
    id: string,
    told: readonly z.infer<typeof historyMessage>[],
    least: typeof nothing,
  ): void => {
    const last = told.at(-1) ?? nothing;
    if (isOlder(last, least))
      throw new Error(`${from}: ${id} to ${last.run}.${last.version} after ${least.run}.${least.version}`);
    if (told.some(({ version }, n) => version !== n + 1))
      throw new Error(`${from}: ${id} as ${told.map(({ version }) => version).join(' ')}`);
    saw(id, last.run, last.version);
    count(from);
  };
  const history = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const id = ids.at(-1);
      const least = (id === undefined ? undefined : seen.get(id)) ?? nothing;
      if (id !== undefined) {
        const answer = await intake.call({ path: `/v1/generations/${id}/events` });
        noteHistory('history', id, answer.json(z.object({ data: z.array(historyMessage) })).data, least);
      }
      await pause(5);
    }
  };
  /** One generation's stream again and again. What it tells at once must reach as far as was seen: no heartbeat comes before that. */
  const follow = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const id = ids.at(-1);
      const least = (id === undefined ? undefined : seen.get(id)) ?? nothing;
      if (id === undefined) {
        await pause(5);
        continue;
      }
      const stream = await openStream(intake.url, `/v1/generations/${id}/events`, sse);
      const ended = { yet: false };
      void stream.ended.then(() => (ended.yet = true));
      const heartbeats = (): number => stream.text().split(': heartbeat').length - 1;
      const told = (): z.infer<typeof historyMessage>[] =>
        dataOf(stream).map((data) => historyMessage.parse(JSON.parse(data)));
      while (!over.signal.aborted && !ended.yet && heartbeats() === 0) await pause(5);
      if (over.signal.aborted) return stream.close();
      noteHistory('follow', id, told(), least);
      // On for a while, in which more may come.
      while (!over.signal.aborted && !ended.yet && heartbeats() < 3) await pause(5);
      stream.close();
      noteHistory('follow', id, told(), least);
    }
  };
  const readers = Promise.all([get(), get(), list(), feed(), history(), follow(), follow()]);
  readers.catch(() => over.abort());
  await live();
  const last = ids.at(-1) ?? '';
  while (!over.signal.aborted && (seen.get(last)?.rank ?? 0) < 2) await pause(10);
  over.abort();
  await readers;
  expect(ids.map((id) => seen.get(id)?.run)).toEqual(ids.map((_, n) => runsOf(n)));
  for (const from of ['GET', 'list', 'feed', 'history', 'follow'])
    expect(sources.get(from) ?? 0).toBeGreaterThan(20);
});

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
});
