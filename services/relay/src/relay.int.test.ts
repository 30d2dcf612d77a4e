import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KafkaPublisher } from '@darkroom/event-bus';
import {
  limitRecords,
  OwnSockets,
  readTopic,
  sampleAppender,
  type TopicRecord,
  until,
} from '@darkroom/event-bus/testing';
import { createPostgresEventStore, type EventStore } from '@darkroom/event-store';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import { type RunningKafka, startKafka } from '@darkroom/infra';
import { createLogger } from '@darkroom/platform';
import { type Relay, relayLog, relaySubscription } from './relay.js';
import { RelayProcess } from './testing/relay-process.js';
import { unreadBytes } from './testing/unread-bytes.js';

const topic = 'generation.events';
const logger = createLogger({ service: 'relay', level: 'silent' });

/** The version of each record's first occurrence, by key, in the order of its partition. */
function firstOccurrences(records: readonly TopicRecord[]): Map<string, number[]> {
  const versions = new Map<string, number[]>();
  for (const { key, headers } of records) {
    const version = Number(headers['ce_sequence']);
    const known = versions.get(key ?? '') ?? [];
    if (!known.includes(version)) known.push(version);
    versions.set(key ?? '', known);
  }
  return versions;
}

describe('the relay', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-relay-'));
  let broker: RunningKafka;
  let database: TestDatabase;
  let store: EventStore;
  let append: ReturnType<typeof sampleAppender>;
  const children: RelayProcess[] = [];
  const relays: { readonly relay: Relay; readonly publisher: KafkaPublisher }[] = [];
  const expected = new Map<string, number>();

  beforeAll(async () => {
    [broker, database] = await Promise.all([startKafka({ dataDir }), createTestDatabase()]);
    store = createPostgresEventStore(database.sql);
    append = sampleAppender(store);
  });
  afterEach(async () => {
    await Promise.all(
      relays.splice(0).map(async ({ relay, publisher }) => {
        const stopped = relay.stop();
        await publisher.stop();
        await stopped;
      }),
    );
    await Promise.all(children.splice(0).map((child) => child.kill()));
  });
  afterAll(async () => {
    await store.stop();
    await database.drop();
    await broker.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const write = async (streams: number, events: number): Promise<void> => {
    const made = Array.from({ length: streams }, () => randomUUID());
    for (let n = 0; n < events; n += 1)
      await Promise.all(made.map(async (stream) => expected.set(stream, await append(stream))));
  };
  const start = (sockets?: () => OwnSockets): Relay => {
    const publisher = new KafkaPublisher({
      address: { brokers: [broker.brokers], clientId: 'relay' },
      ...(sockets === undefined ? {} : { sockets }),
    });
    const relay = relayLog({ store, publisher, holder: randomUUID(), logger });
    relays.push({ relay, publisher });
    return relay;
  };
  const startProcess = (): RelayProcess => {
    const child = new RelayProcess({
      DATABASE_URL: database.url,
      KAFKA_BROKERS: broker.brokers,
      LOG_LEVEL: 'info',
    });
    children.push(child);
    return child;
  };
  const caughtUp = async (boundMs = 30_000): Promise<void> => {
    const end = await store.head();
    await until(
      'the relay at the end of the log',
      async () => ((await store.checkpoints.read(relaySubscription)) ?? '') >= end,
      boundMs,
    );
  };
  /** Everything is there, from the first version to the last, in the order of its first occurrences. */
  const judge = async (): Promise<readonly TopicRecord[]> => {
    const records = await readTopic(broker.brokers, topic);
    const wanted = new Map(
      [...expected].map(([stream, last]) => [stream, Array.from({ length: last }, (_, n) => n + 1)]),
    );
    expect(firstOccurrences(records)).toEqual(wanted);
    return records;
  };

  it('publishes the log in its order, with CloudEvents headers, without personal fields', async () => {
    start();
    await write(30, 4);
    await caughtUp();
    const records = await judge();
    expect(records).toHaveLength(120);
    const [first] = records;
    expect(first?.headers).toMatchObject({
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_type: 'darkroom.generation.v1.GenerationRequested',
      ce_sequence: '1',
      ce_tenant: 'demo',
      traceparent: expect.stringMatching(/^00-/),
    });
    expect(JSON.parse(first?.value ?? '')).toMatchObject({
      model: 'sim/standard',
      promptDigest: { length: 25 },
    });
    expect(JSON.stringify(records.map(({ value }) => value))).not.toMatch(/bicycle|promptSalt/);
  });

  it('connections cut again and again in mid-send: nothing is lost, first occurrences are in order', async () => {
    const opened: OwnSockets[] = [];
    start(() => {
      const sockets = new OwnSockets();
      opened.push(sockets);
      return sockets;
    });
    const cutting = new AbortController();
    const cuts = (async () => {
      while (!cutting.signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 500));
        opened.at(-1)?.cut(new Error('cut by the test'));
      }
    })();
    while (opened.length < 6) await write(10, 5);
    cutting.abort();
    await cuts;
    await caughtUp(60_000);
    const records = await judge();
    // What came twice is what was sent again because its answer was lost.
    process.stdout.write(`${opened.length} connections, ${records.length} records\n`);
  });

  it('a broker killed -9 and back: the relay says that it cannot, and goes on by itself', async () => {
    const relay = start();
    await write(5, 2);
    await caughtUp();
    await broker.kill();
    await write(5, 2);
    await until('it says so', () => relay.failingForMs() > 0, 40_000);
    broker = await startKafka({ dataDir });
    await write(5, 2);
    await caughtUp(60_000);
    expect(relay.failingForMs()).toBe(0);
    await judge();
  });

  it('one killed -9, one stopped for longer than its lease: who stands by takes over within 10 s, and nothing is lost when the stopped one wakes', async () => {
    const first = startProcess();
    await write(5, 2);
    await caughtUp();
    const second = startProcess();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    first.signal('SIGKILL');
    const killed = performance.now();
    await write(20, 5);
    await caughtUp(10_000);
    process.stdout.write(`taken over after ${Math.round(performance.now() - killed)} ms\n`);
    await judge();
    second.signal('SIGSTOP');
    startProcess();
    await write(20, 5);
    await caughtUp(15_000);
    second.signal('SIGCONT');
    await write(20, 5);
    await caughtUp();
    await judge();
  });

  it('a record larger than its topic takes: the relay says so, nothing overtakes it, and it goes on once the topic takes it', async () => {
    const stream = randomUUID();
    await append(stream);
    const vendorStatus = 'x'.repeat(9_000_000);
    await store.append({
      stream,
      expected: 1,
      events: [
        {
          id: randomUUID(),
          type: 'ProgressReported',
          data: { run: 1, attempt: 1, percent: 20, vendorStatus },
        },
      ],
      metadata: { tenant: 'demo', actor: 'service:test' },
      by: 'intake',
    });
    expected.set(stream, 2);
    const behind = randomUUID();
    expected.set(behind, await append(behind));
    const relay = start();
    await until('it says so', () => relay.failingForMs() > 3_000, 40_000);
    expect((await readTopic(broker.brokers, topic)).map(({ key }) => key)).not.toContain(behind);
    await limitRecords(broker.brokers, topic, 16_000_000);
    await caughtUp(60_000);
    const records = await judge();
    const large = records.find(({ key, headers }) => key === stream && headers['ce_sequence'] === '2');
    expect(large?.value).toContain(vendorStatus);
  });

  it('one stopped in mid-send for longer than its lease: what it had sent comes twice, and it does not move the checkpoint back', async () => {
    const place = async (): Promise<string> => (await store.checkpoints.read(relaySubscription)) ?? '';
    const first = startProcess();
    await write(5, 2);
    await caughtUp();
    // It stands by: what takes over soon finds the first one's send still waiting for its answer when that one wakes.
    const second = startProcess();
    await until('it stands by', () => second.printed.includes('listens'), 20_000);
    const written = (): number => [...expected.values()].reduce((sum, last) => sum + last, 0);
    const doubled = async (): Promise<number> => (await judge()).length - written();
    const before = await doubled();
    const pid = broker.pid;
    process.kill(pid, 'SIGSTOP');
    await write(20, 5);
    // Its records lie in the broker's socket: more than the questions of clients that wait.
    const port = Number(broker.brokers.split(':')[1]);
    await until('records in flight', () => unreadBytes(port) > 5_000, 10_000);
    first.signal('SIGSTOP');
    process.kill(pid, 'SIGCONT');
    await write(5, 2);
    await caughtUp(20_000);
    const reached = await place();
    first.signal('SIGCONT');
    const end = performance.now() + 5_000;
    while (performance.now() < end) {
      expect((await place()) >= reached).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await write(5, 2);
    await caughtUp();
    const after = await doubled();
    // Or nothing was in flight, and nothing is shown here.
    expect(after).toBeGreaterThan(before);
    process.stdout.write(`${after - before} records came twice\n`);
  });
});
