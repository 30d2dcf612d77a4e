import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { type KafkaMember, type KafkaWorld, keptLog } from './kafka-world.js';

/** The topic that the fault tests work on. */
export const topic = 'generation.events';

/** An event by its place, `<stream>@<version>`. */
export const place = ({ stream, version }: { readonly stream: string; readonly version: number }): string =>
  `${stream}@${version}`;

/** A group that every case may begin with: what is in the topic already is not its business. */
export async function groupAtTheEnd(world: KafkaWorld): Promise<string> {
  const group = `faults-${randomUUID()}`;
  const partitions = await offsetsOnceLed(world);
  await world.admin.setOffsets({
    groupId: group,
    topic,
    partitions: partitions.map(({ partition, high }) => ({ partition, offset: high })),
  });
  return group;
}

/** Of a topic that was made just now a broker may not yet know who leads its partitions. */
async function offsetsOnceLed(
  world: KafkaWorld,
): Promise<Awaited<ReturnType<KafkaWorld['admin']['fetchTopicOffsets']>>> {
  for (const end = performance.now() + 15_000; ;) {
    try {
      return await world.admin.fetchTopicOffsets(topic);
    } catch (error) {
      const isEarly =
        error instanceof kafkajs.KafkaJSProtocolError &&
        ['NOT_LEADER_FOR_PARTITION', 'LEADER_NOT_AVAILABLE', 'UNKNOWN_TOPIC_OR_PARTITION'].includes(
          error.type,
        );
      if (!isEarly || performance.now() > end) throw error;
      await delay(100);
    }
  }
}

/** A member that notes what it is brought, and what it logs. */
export async function startReader(
  world: KafkaWorld,
  group: string,
): Promise<{
  readonly member: KafkaMember;
  /** By place. */
  readonly seen: string[];
  readonly log: ReturnType<typeof keptLog>;
}> {
  const seen: string[] = [];
  const log = keptLog();
  const handle = async (message: Parameters<typeof place>[0]): Promise<void> =>
    void seen.push(place(message));
  return { member: await world.consume({ group, log, handle }), seen, log };
}

/** A new stream with so many events. */
export async function newStream(world: KafkaWorld, events: number): Promise<string> {
  const stream = randomUUID();
  for (let n = 0; n < events; n += 1) await world.append(stream);
  return stream;
}

/** The sum of a group's committed offsets. */
export async function committedBy(world: KafkaWorld, group: string): Promise<bigint> {
  const [found] = await world.admin.fetchOffsets({ groupId: group, topics: [topic] });
  return (found?.partitions ?? [])
    .map(({ offset }) => BigInt(offset))
    .reduce((sum, offset) => sum + (offset < 0n ? 0n : offset), 0n);
}

/** How many records the topic holds or held. */
export async function writtenTo(world: KafkaWorld): Promise<bigint> {
  return (await world.admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + BigInt(high), 0n);
}
