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
import {
  committedBy,
  groupAtTheEnd,
  newStream,
  place,
  startReader,
  topic,
  writtenTo,
} from './testing/event-topic.js';
import { KafkaWorld } from './testing/kafka-world.js';
import { ensureTopics } from './topics.js';

describe('topics, records and a broker that are not as they should be', () => {
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

  it('a topic that is not there at the start is waited for, and is not made by who reads it', async () => {
    const group = `faults-${randomUUID()}`;
    const { seen, member } = await startReader(world, group);
    await until('it said that it cannot', () => member.health().state === 'waiting');
    expect(await world.admin.listTopics()).not.toContain(topic);
    await world.makeTopics();
    const stream = await newStream(world, 2);
    await until('read', () => seen.includes(`${stream}@2`));
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
    const group = await groupAtTheEnd(world);
    const [large, damaged, other] = [await newStream(world, 2), await newStream(world, 1), randomUUID()];
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
    await until(
      'all is committed',
      async () => (await committedBy(world, group)) === (await writtenTo(world)),
    );
    expect(await listParked(world.database.sql, { consumer: group, limit: 100 })).toMatchObject([
      { stream: damaged, version: 2, error: { code: 'malformed_event' } },
    ]);
    const refused = await world.database.sql<{ size: number; reason: string }[]>`
      select size, reason from bus.refused_records where consumer = ${group} order by "offset"`;
    expect(refused.map(({ size }) => size)).toEqual(['no event at all'.length, 0]);
    expect(refused[0]?.reason).toMatch(/^header ce_/);
    await member.stop();
  });

  it('a broker killed and back: whoever consumes says that it waits, and goes on by itself; nothing is lost', async () => {
    const group = await groupAtTheEnd(world);
    const seen = new Set<string>();
    const member = await world.consume({
      group,
      handle: async (message) => void seen.add(place(message)),
    });
    for (const round of [1, 2]) {
      const before = await newStream(world, 2);
      await until(`it reads, round ${round}`, () => seen.has(`${before}@2`));
      const unread = await newStream(world, 1);
      await world.broker.kill();
      await until('it noticed', () => member.health().state === 'waiting');
      world.broker = await startKafka({ dataDir });
      const after = await newStream(world, 2);
      await until('it reads on', () => seen.has(`${after}@2`) && seen.has(`${unread}@1`), 60_000);
    }
    await member.stop();
  });

  it('a topic made anew: what is in it is read from its beginning', async () => {
    const group = await groupAtTheEnd(world);
    const { seen, member } = await startReader(world, group);
    const before = await Promise.all(Array.from({ length: 24 }, () => newStream(world, 2)));
    await until('read', () => before.every((stream) => seen.includes(`${stream}@2`)));
    await until('committed', async () => (await committedBy(world, group)) === (await writtenTo(world)));
    await world.admin.deleteTopics({ topics: [topic] });
    await until('gone', async () => !(await world.admin.listTopics()).includes(topic));
    await world.makeTopics();
    const after = await Promise.all(Array.from({ length: 24 }, () => newStream(world, 1)));
    await until('read from its beginning', () => after.every((stream) => seen.includes(`${stream}@1`)));
    await member.stop();
  });

  it('an offset that a partition does not hold: all that it holds is read, and the log says so', async () => {
    const group = `faults-${randomUUID()}`;
    const stream = await newStream(world, 1);
    const partitions = await world.admin.fetchTopicOffsets(topic);
    await world.admin.setOffsets({
      groupId: group,
      topic,
      partitions: partitions.map(({ partition, high }) => ({
        partition,
        offset: `${BigInt(high) + 1_000n}`,
      })),
    });
    const { seen, member, log } = await startReader(world, group);
    await until('read', () => seen.includes(`${stream}@1`));
    expect(log.lines.filter(({ message }) => message.includes('no longer holds'))).toHaveLength(
      partitions.length,
    );
    await member.stop();
  });
});
