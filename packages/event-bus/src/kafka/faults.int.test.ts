import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topics } from '@darkroom/contract/topics';
import { startKafka } from '@darkroom/infra';
import kafkajs from 'kafkajs';
import { listParked } from '../parked-streams.js';
import { until } from '../testing/index.js';
import { later } from '../testing/sample-bus.js';
import { ensureTopics } from './topics.js';
import { keptLog, KafkaWorld } from './testing/kafka-world.js';

const place = ({ stream, version }: { readonly stream: string; readonly version: number }): string =>
  `${stream}@${version}`;
const topic = 'generation.events';

describe('faults of Kafka and of its client', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-bus-kafka-'));
  let world: KafkaWorld;

  beforeAll(async () => {
    world = await KafkaWorld.start({ dataDir, makeTopics: false });
  });
  afterEach(() => world.closeMembers());
  afterAll(async () => {
    await world.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** One that every case may begin with: what is in the topic already is not its business. */
  const atTheEnd = async (): Promise<string> => {
    const group = `faults-${randomUUID()}`;
    const partitions = await world.admin.fetchTopicOffsets(topic);
    await world.admin.setOffsets({
      groupId: group,
      topic,
      partitions: partitions.map(({ partition, high }) => ({ partition, offset: high })),
    });
    return group;
  };
  /** A member that notes what it is brought, and what it logs. */
  const reader = async (group: string) => {
    const seen: string[] = [];
    const log = keptLog();
    const member = await world.consume({
      group,
      log,
      handle: async (message) => void seen.push(place(message)),
    });
    return { member, seen, log };
  };
  const streamOf = async (events: number): Promise<string> => {
    const stream = randomUUID();
    for (let n = 0; n < events; n += 1) await world.append(stream);
    return stream;
  };
  const parked = (group: string): ReturnType<typeof listParked> =>
    listParked(world.database.sql, { consumer: group, limit: 100 });
  const committed = async (group: string): Promise<bigint> => {
    const [found] = await world.admin.fetchOffsets({ groupId: group, topics: [topic] });
    return (found?.partitions ?? [])
      .map(({ offset }) => BigInt(offset))
      .reduce((sum, offset) => sum + (offset < 0n ? 0n : offset), 0n);
  };
  const written = async (): Promise<bigint> =>
    (await world.admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + BigInt(high), 0n);

  it('a topic that is not there at the start is waited for, and is not made by who reads it', async () => {
    const group = `faults-${randomUUID()}`;
    const { seen, member } = await reader(group);
    await until('it said that it cannot', () => member.health().state === 'waiting', 30_000);
    expect(await world.admin.listTopics()).not.toContain(topic);
    await world.makeTopics();
    const stream = await streamOf(2);
    await until('read', () => seen.includes(`${stream}@2`), 30_000);
    await member.stop();
  });

  it('topics are made as the contract has them, and another number of partitions is refused', async () => {
    await world.makeTopics();
    const { resources } = await world.admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
    });
    const setting = (name: string): string | undefined =>
      resources[0]?.configEntries.find(({ configName }) => configName === name)?.configValue;
    expect([setting('retention.ms'), setting('cleanup.policy')]).toEqual(['-1', 'delete']);
    const [first] = topics();
    if (first === undefined) throw new Error('no topic');
    await expect(
      ensureTopics(world.admin, [{ ...first, partitions: first.partitions + 1 }]),
    ).rejects.toMatchObject({ code: 'topic_mismatch' });
  });

  it('records that are no events are noted and passed over, one that cannot be read parks its stream, one of 5 MB is brought whole', async () => {
    const group = await atTheEnd();
    const [large, damaged, other] = [await streamOf(2), await streamOf(1), randomUUID()];
    const megabytes = 'x'.repeat(5_000_000);
    const headersOf = (stream: string, version: number, type: string) => ({
      ce_type: `darkroom.generation.v1.${type}`,
      ce_id: randomUUID(),
      ce_subject: stream,
      ce_sequence: String(version),
      ce_schemaversion: '1',
      ce_time: new Date().toISOString(),
      ce_tenant: 'demo',
      ce_actor: 'service:test',
    });
    await world.producer.send({
      topic,
      acks: -1,
      messages: [
        { key: large, value: 'no event at all' },
        { key: large, value: null },
        { key: large, value: '{}', headers: headersOf(large, 1, 'OfTheFuture') },
        { key: damaged, value: '{"percent":', headers: headersOf(damaged, 2, 'ProgressReported') },
        {
          key: large,
          value: JSON.stringify({ ...later.ProgressReported, vendorStatus: megabytes }),
          headers: headersOf(large, 3, 'ProgressReported'),
        },
      ],
    });
    await world.append(other);
    const seen: string[] = [];
    let brought = 0;
    const member = await world.consume({
      group,
      policy: { parkBaseMs: 3_600_000 },
      handle: async (message) => {
        seen.push(place(message));
        if (message.type === 'ProgressReported')
          brought = Math.max(brought, message.data.vendorStatus.length);
      },
    });
    await until('all of it', () => seen.includes(`${large}@3`) && seen.includes(`${other}@1`));
    expect(brought).toBe(megabytes.length);
    await until('all is committed', async () => (await committed(group)) === (await written()));
    expect(await parked(group)).toMatchObject([
      { stream: damaged, version: 2, error: { code: 'malformed_event' } },
    ]);
    const refused = await world.database.sql<{ size: number; reason: string }[]>`
      select size, reason from bus.refused_records where consumer = ${group} order by "offset"`;
    expect(refused.map(({ size }) => size)).toEqual(['no event at all'.length, 0]);
    expect(refused[0]?.reason).toMatch(/^header ce_/);
    await member.stop();
  });

  it('members come and go in mid-batch: nothing is lost, each stream is in order, none is handled twice at once by one member', async () => {
    const group = await atTheEnd();
    const streams = await Promise.all(Array.from({ length: 60 }, () => streamOf(1)));
    const highest = new Map<string, number>();
    let disorder = 0;
    let doubled = 0;
    const start = () => {
      const busy = new Set<string>();
      return world.consume({
        group,
        concurrency: 8,
        handle: async ({ stream, version }) => {
          if (busy.has(stream)) doubled += 1;
          busy.add(stream);
          await new Promise((resolve) => setTimeout(resolve, 15));
          busy.delete(stream);
          const before = highest.get(stream) ?? 0;
          // Again is allowed after a rebalance; a gap never is.
          if (version > before + 1) disorder += 1;
          highest.set(stream, Math.max(before, version));
        },
      });
    };
    const first = await start();
    const writing = (async () => {
      for (let n = 0; n < 9; n += 1) for (const stream of streams) await world.append(stream);
    })();
    const second = await start();
    await until(
      'both read',
      () => [first, second].every((member) => member.health().state === 'consuming'),
      30_000,
    );
    const third = await start();
    await until('the third reads', () => third.health().state === 'consuming', 30_000);
    await first.stop();
    await third.vanish();
    await writing;
    await until('all of it', () => streams.every((stream) => highest.get(stream) === 10), 60_000);
    expect([disorder, doubled]).toEqual([0, 0]);
    await until('all is committed', async () => (await committed(group)) === (await written()));
    expect(await parked(group)).toEqual([]);
    await second.stop();
  });

  it('a handler slower than the session: its message comes once, the others flow, nobody loses a partition', async () => {
    const group = await atTheEnd();
    const [slow, quick] = [await streamOf(1), await streamOf(1)];
    const seen: string[] = [];
    const log = keptLog();
    const member = await world.consume({
      group,
      log,
      sessionTimeoutMs: 1_500,
      handle: async (message) => {
        seen.push(place(message));
        if (message.stream === slow) await new Promise((resolve) => setTimeout(resolve, 6_000));
      },
    });
    await until('both began', () => seen.length === 2);
    const after = await streamOf(1);
    await until('others flow', () => seen.includes(`${after}@1`));
    await until('the slow one ended', () => member.health().pending === 0);
    await until('all is committed', async () => (await committed(group)) === (await written()));
    expect(seen.sort()).toEqual([slow, quick, after].map((stream) => `${stream}@1`).sort());
    expect(log.lines.filter(({ message }) => message.includes('join again'))).toEqual([]);
    await member.stop();
  });

  it('a partition that is taken away: what of it has not started is left to its next owner, and not committed by the first', async () => {
    const group = await atTheEnd();
    const streams = await Promise.all(Array.from({ length: 24 }, () => streamOf(1)));
    const began: string[][] = [[], []];
    let open: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (open = resolve));
    const first = await world.consume({
      group,
      clientId: 'member-a',
      concurrency: 2,
      handle: async ({ stream }) => {
        began[0]?.push(stream);
        await held;
      },
    });
    await until('its hands full', () => began[0]?.length === 2);
    const second = await world.consume({
      group,
      clientId: 'member-b',
      handle: async ({ stream }) => void began[1]?.push(stream),
    });
    await until('the second reads its part', () => (began[1]?.length ?? 0) > 0, 30_000);
    await until('all of its part', () => second.health().pending === 0);
    const part = new Set(began[1]);
    const left = streams.length - part.size;
    const [heldStreams] = [began[0]?.slice()];
    open();
    await until('the first did the rest', () => first.health().pending === 0);
    await until('all is committed', async () => (await committed(group)) === (await written()));
    expect(new Set([...(began[0] ?? []), ...part])).toEqual(new Set(streams));
    // Only what had begun when the partition went may be done by both.
    const both = began[0]?.filter((stream) => part.has(stream)) ?? [];
    expect(both.every((stream) => heldStreams?.includes(stream))).toBe(true);
    expect(left).toBeGreaterThan(0);
    await Promise.all([first.stop(), second.stop()]);
  });

  it('a client that gave up and does not start itself again is replaced', async () => {
    const group = await atTheEnd();
    const { seen, member, log } = await reader(group);
    const before = await streamOf(1);
    await until('it reads', () => seen.includes(`${before}@1`), 30_000);
    member.sockets().at(-1)?.cut(new Error('cut by the test'));
    const after = await streamOf(1);
    await until('it reads again', () => seen.includes(`${after}@1`), 30_000);
    expect(log.lines.filter(({ message }) => message.includes('join again'))).not.toEqual([]);
    expect(member.sockets()).toHaveLength(2);
    await member.stop();
  });

  it('told to stop while it waits to be let in, it does not wait for that, and no ghost of it stays', async () => {
    const group = await atTheEnd();
    // The broker lets nobody in before it has given up whoever is gone without a word.
    const sessionTimeoutMs = 12_000;
    const gone = await world.consume({ group, sessionTimeoutMs, handle: async () => undefined });
    await until('it reads', () => gone.health().state === 'consuming', 30_000);
    await gone.vanish();
    const stateOf = async (): Promise<string | undefined> =>
      (await world.admin.describeGroups([group])).groups[0]?.state;
    const waiting = await world.consume({ group, sessionTimeoutMs, handle: async () => undefined });
    await until('it waits', async () => (await stateOf()) === 'PreparingRebalance');
    expect(waiting.health().state).toBe('starting');
    await waiting.stop();
    expect([waiting.health().state, await stateOf()]).toEqual(['stopped', 'PreparingRebalance']);
    await until('nobody is in it', async () => (await stateOf()) === 'Empty', 60_000);
  });

  it('a handler that never ends gives its partitions to another member after its limit', async () => {
    const group = await atTheEnd();
    const stream = await streamOf(2);
    const stuck = await world.consume({
      group,
      handlerLimitMs: 1_000,
      handle: () => new Promise<never>(() => undefined),
    });
    await until('it gave up', () => stuck.health().state === 'waiting', 30_000);
    expect(stuck.health().lastError).toMatchObject({ code: 'consumer_stuck' });
    const { seen, member: heir } = await reader(group);
    await until('the heir did it', () => seen.includes(`${stream}@2`), 30_000);
    await heir.stop();
    await stuck.vanish();
  });

  it('a member that reads other topics than its group is refused before it disturbs it', async () => {
    const group = await atTheEnd();
    const { seen, member } = await reader(group);
    await until('it reads', () => member.health().state === 'consuming', 30_000);
    const other = await world.consume({
      group,
      types: ['ProviderAccountPaused'],
      handle: async () => undefined,
    });
    await until('refused', () => other.health().state === 'waiting', 30_000);
    expect(other.health().lastError).toMatchObject({ code: 'mixed_subscriptions' });
    const stream = await streamOf(1);
    await until('the first reads on', () => seen.includes(`${stream}@1`));
    await other.stop();
    await member.stop();
  });

  it('a broker killed and back: whoever consumes says that it waits, and goes on by itself; nothing is lost', async () => {
    const group = await atTheEnd();
    const seen = new Set<string>();
    const member = await world.consume({
      group,
      handle: async (message) => void seen.add(place(message)),
    });
    for (const round of [1, 2]) {
      const before = await streamOf(2);
      await until(`it reads, round ${round}`, () => seen.has(`${before}@2`), 30_000);
      const unread = await streamOf(1);
      await world.broker.kill();
      await until('it noticed', () => member.health().state === 'waiting', 30_000);
      world.broker = await startKafka({ dataDir });
      const after = await streamOf(2);
      await until('it reads on', () => seen.has(`${after}@2`) && seen.has(`${unread}@1`), 60_000);
    }
    await member.stop();
  });

  it('a topic made anew: what is in it is read from its beginning', async () => {
    const group = await atTheEnd();
    const { seen, member } = await reader(group);
    const before = await Promise.all(Array.from({ length: 24 }, () => streamOf(2)));
    await until('read', () => before.every((stream) => seen.includes(`${stream}@2`)), 30_000);
    await until('committed', async () => (await committed(group)) === (await written()));
    await world.admin.deleteTopics({ topics: [topic] });
    await until('gone', async () => !(await world.admin.listTopics()).includes(topic));
    await world.makeTopics();
    const after = await Promise.all(Array.from({ length: 24 }, () => streamOf(1)));
    await until(
      'read from its beginning',
      () => after.every((stream) => seen.includes(`${stream}@1`)),
      60_000,
    );
    await member.stop();
  });

  it('an offset that a partition does not hold: all that it holds is read, and the log says so', async () => {
    const group = `faults-${randomUUID()}`;
    const stream = await streamOf(1);
    const partitions = await world.admin.fetchTopicOffsets(topic);
    await world.admin.setOffsets({
      groupId: group,
      topic,
      partitions: partitions.map(({ partition, high }) => ({
        partition,
        offset: `${BigInt(high) + 1_000n}`,
      })),
    });
    const { seen, member, log } = await reader(group);
    await until('read', () => seen.includes(`${stream}@1`), 30_000);
    expect(log.lines.filter(({ message }) => message.includes('no longer holds'))).toHaveLength(
      partitions.length,
    );
    await member.stop();
  });
});
