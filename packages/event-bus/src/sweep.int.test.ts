import { randomUUID } from 'node:crypto';
import { createPostgresEventStore, type EventStore, type RecordedEvent } from '@darkroom/event-store';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import { busMigrations } from './migrations.js';
import { silentLog } from './port.js';
import { startSweep, type Sweep, type SweepOptions } from './sweep.js';
import { until } from './testing/index.js';

describe('the sweep', () => {
  let database: TestDatabase;
  let store: EventStore;
  const running: Sweep[] = [];

  beforeAll(async () => {
    database = await createTestDatabase({ migrations: [busMigrations] });
    store = createPostgresEventStore(database.sql);
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((sweep) => sweep.stop()));
  });
  afterAll(async () => {
    await store.stop();
    await database.drop();
  });

  const append = async (count: number): Promise<string[]> => {
    const streams = Array.from({ length: count }, () => randomUUID());
    for (const stream of streams)
      await store.append({
        stream,
        expected: 'none',
        events: [
          {
            id: randomUUID(),
            type: 'ProgressReported',
            data: { run: 1, attempt: 1, percent: 1, vendorStatus: 'x' },
          },
        ],
        metadata: { tenant: 'acme', actor: 'service:test' },
        by: 'provider-gateway',
      });
    return streams;
  };
  const start = (
    group: string,
    assure: (events: readonly RecordedEvent[]) => Promise<number>,
    more: Partial<SweepOptions> = {},
  ): Sweep => {
    const sweep = startSweep({
      store,
      group,
      types: ['ProgressReported'],
      olderThanMs: 0,
      everyMs: 10,
      batchSize: 7,
      assure,
      ...more,
    });
    running.push(sweep);
    return sweep;
  };

  it('asks for every event once, in the order of the log, and goes on where it stopped', async () => {
    const group = randomUUID();
    const seen: string[] = [];
    const assure = async (events: readonly RecordedEvent[]): Promise<number> => {
      seen.push(...events.map(({ stream }) => stream));
      return 0;
    };
    const first = await append(20);
    const sweep = start(group, assure);
    await until('the first', () => first.every((stream) => seen.includes(stream)));
    await sweep.stop();
    const second = await append(5);
    start(group, assure);
    await until('the second', () => second.every((stream) => seen.includes(stream)));
    const mine = seen.filter((stream) => [...first, ...second].includes(stream));
    expect(mine).toEqual([...first, ...second]);
  });

  it('leaves what is young to the bus, and sees to it once it is old', async () => {
    const streams = await append(3);
    const seen = new Set<string>();
    let now = Date.now();
    start(
      randomUUID(),
      async (events) => {
        for (const { stream } of events) seen.add(stream);
        return 0;
      },
      { olderThanMs: 60_000, now: () => now, everyMs: 5, batchSize: 500 },
    );
    let looks = 0;
    const counting = store.readAll.bind(store);
    store.readAll = (request) => {
      looks += 1;
      return counting(request);
    };
    await until('a few looks', () => looks > 5);
    expect(streams.filter((stream) => seen.has(stream))).toEqual([]);
    now += 61_000;
    await until('they are old', () => streams.every((stream) => seen.has(stream)));
  });

  it('goes on past an event that it cannot read, and says so', async () => {
    const streams = await append(3);
    const [first, damaged, last] = streams;
    await database.superuser`update event_store.events set schema_version = 99 where stream = ${damaged ?? ''}`;
    const seen: string[] = [];
    const warnings: object[] = [];
    start(
      randomUUID(),
      async (events) => {
        seen.push(...events.map(({ stream }) => stream));
        return 0;
      },
      { log: { ...silentLog, warn: (facts) => void warnings.push(facts) } },
    );
    await until('the last', () => seen.includes(last ?? ''));
    expect(seen.filter((stream) => streams.includes(stream))).toEqual([first, last]);
    expect(warnings).toEqual([expect.objectContaining({ unreadable: 1 })]);
    await database.superuser`update event_store.events set schema_version = 1 where stream = ${damaged ?? ''}`;
  });

  it('asks again for a page that it failed on', async () => {
    const [stream = ''] = await append(1);
    let failures = 3;
    let assured = false;
    start(randomUUID(), async (events) => {
      if (!events.some((event) => event.stream === stream)) return 0;
      failures -= 1;
      if (failures > 0) throw new Error('not now');
      assured = true;
      return 1;
    });
    await until('it went through', () => assured);
  });

  it('is done by one of several at a time', async () => {
    const group = randomUUID();
    const streams = await append(30);
    const seen: string[] = [];
    let atOnce = 0;
    let most = 0;
    for (let n = 0; n < 3; n += 1)
      start(group, async (events) => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(...events.map((event) => event.stream));
        atOnce -= 1;
        return 0;
      });
    await until('all', () => streams.every((stream) => seen.includes(stream)));
    expect(most).toBe(1);
    const mine = seen.filter((stream) => streams.includes(stream));
    expect(mine).toEqual(streams);
  });
});
