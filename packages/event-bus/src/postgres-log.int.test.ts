import { randomUUID } from 'node:crypto';
import type { EventType } from '@darkroom/contract';
import { arrayOf, createPostgresEventStore, type EventStore } from '@darkroom/event-store';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import type { INestMicroservice } from '@nestjs/common';
import { createBusMicroservice } from './bus-microservice.js';
import { guardForward } from './guard.js';
import type { BusMessage } from './message.js';
import { busMigrations } from './migrations.js';
import { listParked } from './parked-streams.js';
import { replayParked } from './replay-parked.js';
import { PostgresLogConsumer } from './postgres-log-consumer.js';
import { PostgresLogTransport } from './postgres-log-transport.js';
import {
  busConformance,
  type BusHarness,
  type ConsumeRequest,
  type RunningConsumer,
  until,
} from './testing/index.js';
import {
  conformanceTypes,
  later,
  mayAppend,
  moduleOf,
  sampleAppender,
  traceparent,
} from './testing/sample-bus.js';

describe('bus on the Postgres log', () => {
  let database: TestDatabase;
  let store: EventStore;
  let append: ReturnType<typeof sampleAppender>;
  const running = new Set<INestMicroservice>();

  beforeAll(async () => {
    database = await createTestDatabase({ migrations: [busMigrations] });
    store = createPostgresEventStore(database.sql, { mayAppend });
    append = sampleAppender(store);
  });
  afterEach(async () => {
    await Promise.all([...running].map((app) => app.close()));
    running.clear();
  });
  afterAll(async () => {
    await store.stop();
    await database.drop();
  });

  const consume = async (request: ConsumeRequest): Promise<RunningConsumer> => {
    let dead = false;
    const gone = (): Promise<never> => Promise.reject(new Error('this process is dead'));
    const { checkpoints } = store;
    const transport = new PostgresLogTransport({
      store: {
        readAll: (page) => store.readAll(page),
        readStream: (stream, options) => store.readStream(stream, options),
        onAppended: (listener) => store.onAppended(listener),
        checkpoints: {
          acquire: (...args) => (dead ? gone() : checkpoints.acquire(...args)),
          renew: (...args) => (dead ? gone() : checkpoints.renew(...args)),
          advance: (...args) => (dead ? gone() : checkpoints.advance(...args)),
          release: (...args) => (dead ? gone() : checkpoints.release(...args)),
          read: (...args) => checkpoints.read(...args),
        },
      },
      sql: database.sql,
      group: request.group,
      leaseSeconds: 1,
      pollMs: 50,
      checkpointMs: 20,
      batchSize: 8,
      ...(request.concurrency === undefined ? {} : { concurrency: request.concurrency }),
      ...(request.capacity === undefined ? {} : { capacity: request.capacity }),
      ...(request.policy === undefined ? {} : { policy: request.policy }),
    });
    const app = await createBusMicroservice(moduleOf(request), transport, { logger: false });
    await app.listen();
    running.add(app);
    return {
      health: () => {
        const health = transport.health();
        if (!health) throw new Error('not listening');
        return health;
      },
      stop: async () => {
        running.delete(app);
        await app.close();
      },
      vanish: async () => {
        dead = true;
        running.delete(app);
        void app.close();
      },
    };
  };

  const harness: BusHarness = {
    traceparent,
    consume,
    parked: (group) => listParked(database.sql, { consumer: group, limit: 100 }),
    rewind: async (group) => {
      const { count } = await database.sql`
        update event_store.checkpoints set tx = '0', position = 0 where subscription = ${group} and holder is null`;
      expect(count).toBe(1);
    },
    guard: (group, stream, version) => database.sql.begin((tx) => guardForward(tx, group, stream, version)),
    replay: async (group) =>
      (await database.sql.begin((tx) => replayParked(tx, { consumer: group }, 100))).streams.length,
    append: (stream, type) => append(stream, type),
  };

  it('an event of a newer schema parks its stream, the others flow; it is done once this program can read it', async () => {
    const group = `newer-${randomUUID()}`;
    const [stream, other] = [randomUUID(), randomUUID()];
    await harness.append(stream);
    await harness.append(stream);
    await harness.append(stream);
    await database.superuser`
      update event_store.events set schema_version = 99 where stream = ${stream} and version = 2`;
    await harness.append(other);
    const seen: string[] = [];
    const consumer = await consume({
      group,
      policy: { parkBaseMs: 3_600_000 },
      handle: async (message) => {
        seen.push(`${message.stream}@${message.version}`);
      },
    });
    await until('the other', () => seen.includes(`${other}@1`));
    await until('parked, the last behind it', async () => {
      const [row] = await harness.parked(group);
      return row?.version === 2 && row.lastVersion === 3 && row.error.code === 'unreadable_event';
    });
    expect(seen.filter((at) => at.startsWith(stream))).toEqual([`${stream}@1`]);
    await database.superuser`
      update event_store.events set schema_version = 1 where stream = ${stream} and version = 2`;
    expect(await harness.replay(group)).toBe(1);
    await until('released', async () => (await harness.parked(group)).length === 0);
    expect(seen.filter((at) => at.startsWith(stream))).toEqual([1, 2, 3].map((n) => `${stream}@${n}`));
    await consumer.stop();
  });

  /** A consumer has done, and noted as done, all that is in the log by now. */
  const caughtUp = async (group: string, consumer: Pick<RunningConsumer, 'health'>): Promise<void> => {
    const end = await store.head();
    await until(
      'the end of the log',
      async () => consumer.health().pending === 0 && ((await store.checkpoints.read(group)) ?? '') >= end,
    );
  };
  const places = (stream: string, ...of: readonly number[]): string[] => of.map((n) => `${stream}@${n}`);

  /**
   * A stream whose second of three events is of a type that nobody knows, and another behind it. The cases share one log: it is to be made
   * known again at the end.
   */
  const streamOfTheFuture = async () => {
    const [stream, other] = [randomUUID(), randomUUID()];
    for (let n = 0; n < 3; n += 1) await harness.append(stream);
    const become = async (type: string): Promise<void> => {
      await database.superuser`
        update event_store.events set type = ${type} where stream = ${stream} and version = 2`;
    };
    await become('OfTheFuture');
    await harness.append(other);
    return { stream, other, makeKnown: async () => become('ProgressReported') };
  };

  it('an event of a type that this program does not know is passed over: what is before and behind it flows', async () => {
    const group = `unknown-${randomUUID()}`;
    const { stream, other, makeKnown } = await streamOfTheFuture();
    const seen: string[] = [];
    const consumer = await consume({
      group,
      handle: async (message) => {
        seen.push(`${message.stream}@${message.version}`);
      },
    });
    await caughtUp(group, consumer);
    expect(seen.filter((at) => at.startsWith(stream))).toEqual(places(stream, 1, 3));
    expect(seen).toContain(`${other}@1`);
    expect(await harness.parked(group)).toEqual([]);
    await consumer.stop();
    await makeKnown();
  });

  it('a group that asks for a type which it cannot read parks the stream and says why; the others flow', async () => {
    const group = `asks-${randomUUID()}`;
    const { stream, other, makeKnown } = await streamOfTheFuture();
    const seen: string[] = [];
    // Beneath the transport, which takes no pattern that is not in the contract.
    const consumer = new PostgresLogConsumer(
      { store, sql: database.sql, group, pollMs: 50, checkpointMs: 20, policy: { parkBaseMs: 3_600_000 } },
      {
        types: [...conformanceTypes, 'OfTheFuture' as EventType],
        handle: async (message) => {
          seen.push(`${message.stream}@${message.version}`);
        },
      },
    );
    consumer.start();
    try {
      await caughtUp(group, consumer);
      expect(seen.filter((at) => at.startsWith(stream))).toEqual(places(stream, 1));
      expect(seen).toContain(`${other}@1`);
      const parked = await harness.parked(group);
      expect(parked).toMatchObject([{ stream, version: 2, lastVersion: 3, eventType: 'OfTheFuture' }]);
      expect(parked[0]?.error).toMatchObject({
        code: 'unreadable_event',
        message: expect.stringContaining('unknown event type OfTheFuture'),
      });
    } finally {
      await consumer.stop();
    }
    await makeKnown();
  });

  it('an event of five megabytes is brought whole, and parked where it is damaged, with a short reason; nothing waits for it', async () => {
    const group = `large-${randomUUID()}`;
    const megabytes = 'x'.repeat(5_000_000);
    const [large, damaged, other] = [randomUUID(), randomUUID(), randomUUID()];
    for (const stream of [large, damaged]) for (let n = 0; n < 3; n += 1) await harness.append(stream);
    await database.superuser`
      update event_store.events set data = jsonb_set(data, '{vendorStatus}', to_jsonb(${megabytes}::text))
      where stream = ${large} and version = 2`;
    await database.superuser`
      update event_store.events set data = jsonb_set(data, '{percent}', to_jsonb(${megabytes}::text))
      where stream = ${damaged} and version = 2`;
    await harness.append(other);
    const seen: string[] = [];
    const brought: BusMessage[] = [];
    const consumer = await consume({
      group,
      policy: { parkBaseMs: 3_600_000 },
      handle: async (message) => {
        seen.push(`${message.stream}@${message.version}`);
        if (message.stream === large && message.version === 2) brought.push(message);
      },
    });
    await caughtUp(group, consumer);
    expect(seen.filter((at) => at.startsWith(large))).toEqual(places(large, 1, 2, 3));
    expect(brought).toMatchObject([{ type: 'ProgressReported', data: { vendorStatus: megabytes } }]);
    expect(seen.filter((at) => at.startsWith(damaged))).toEqual(places(damaged, 1));
    expect(seen).toContain(`${other}@1`);
    const parked = await harness.parked(group);
    expect(parked).toMatchObject([
      { stream: damaged, version: 2, lastVersion: 3, error: { code: 'unreadable_event' } },
    ]);
    expect(parked[0]?.error.message.length).toBeLessThanOrEqual(500);
    await consumer.stop();
    await database.superuser`
      update event_store.events set data = ${database.superuser.json(later.ProgressReported)}
      where stream = any(${arrayOf([large, damaged])}::uuid[]) and version = 2`;
  });

  for (const { name, run } of busConformance) {
    it(name, () => run(harness));
  }
});
