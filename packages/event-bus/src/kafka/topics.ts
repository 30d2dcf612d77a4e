import kafkajs, { type Admin, type ITopicMetadata } from 'kafkajs';
import type { Topic } from '@darkroom/contract/topics';
import { setTimeout as delay } from 'node:timers/promises';
import { BusError } from '../errors.js';

/**
 * Makes the topics that are not there, as the contract has them. One with fewer partitions than the contract is refused, and so is one with
 * more: a stream's partition, and with it its order, comes of their number.
 * @throws BusError `topic_mismatch`
 */
export async function ensureTopics(
  admin: Admin,
  topics: readonly Topic[],
  replicationFactor = 1,
): Promise<void> {
  // False where all are there, also where another process made them just now.
  await admin.createTopics({
    waitForLeaders: true,
    topics: topics.map((topic) => ({
      topic: topic.name,
      numPartitions: topic.partitions,
      replicationFactor,
      configEntries: [
        { name: 'retention.ms', value: String(topic.retentionMs) },
        { name: 'cleanup.policy', value: topic.cleanupPolicy },
        { name: 'max.message.bytes', value: String(topic.maxMessageBytes) },
      ],
    })),
  });
  const found = await described(
    admin,
    topics.map(({ name }) => name),
  );
  for (const { name, partitions } of topics) {
    const there = found.find((topic) => topic.name === name)?.partitions.length ?? 0;
    if (there !== partitions)
      throw new BusError(
        'topic_mismatch',
        `topic ${name} has ${there} partitions, the contract says ${partitions}`,
      );
  }
}

const describedWithinMs = 15_000;

/** A broker may not yet know what was just made. */
async function described(admin: Admin, names: string[]): Promise<readonly ITopicMetadata[]> {
  const end = performance.now() + describedWithinMs;
  for (;;) {
    try {
      return (await admin.fetchTopicMetadata({ topics: names })).topics;
    } catch (error) {
      const type = error instanceof kafkajs.KafkaJSProtocolError ? error.type : undefined;
      const isEarly = type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'LEADER_NOT_AVAILABLE';
      if (!isEarly || performance.now() > end) throw error;
      await delay(100);
    }
  }
}

const partitioner = kafkajs.Partitioners.DefaultPartitioner();

/** The partition of a stream's records, as every producer with the default partitioner of Kafka's Java client has it. */
export function partitionOf(topic: string, partitions: number, stream: string): number {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionId,
    leader: 0,
    partitionErrorCode: 0,
    replicas: [],
    isr: [],
  }));
  return partitioner({ topic, partitionMetadata, message: { key: stream, value: null } });
}
