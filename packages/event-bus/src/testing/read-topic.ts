import { randomUUID } from 'node:crypto';
import { openKafka } from '../kafka/client.js';
import { OwnSockets } from '../kafka/own-sockets.js';
import { silentLog } from '../port.js';

/** A record as it lies in a topic. */
export interface TopicRecord {
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads a whole topic as it is now, each partition in its order; it commits nothing. */
export async function readTopic(brokers: string, topic: string): Promise<TopicRecord[]> {
  const sockets = new OwnSockets();
  const kafka = openKafka({ brokers: [brokers], clientId: 'reader' }, sockets, silentLog);
  const admin = kafka.admin();
  await admin.connect();
  const ends = new Map(
    (await admin.fetchTopicOffsets(topic))
      .filter(({ low, high }) => low !== high)
      .map(({ partition, high }) => [partition, BigInt(high)]),
  );
  await admin.disconnect();
  const records: TopicRecord[] = [];
  const consumer = kafka.consumer({ groupId: `read-${randomUUID()}`, maxWaitTimeInMs: 100 });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      if (ends.size === 0) return resolve();
      // A coordinator that is still loading its groups is one that it starts again after, by itself.
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        if (!payload.restart) reject(payload.error);
      });
      const eachMessage: NonNullable<Parameters<typeof consumer.run>[0]>['eachMessage'] = async ({
        partition,
        message,
      }) => {
        const end = ends.get(partition);
        const offset = BigInt(message.offset);
        if (end === undefined || offset >= end) return;
        records.push({
          partition,
          offset,
          key: message.key?.toString() ?? null,
          value: message.value?.toString() ?? null,
          headers: Object.fromEntries(
            Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
          ),
        });
        if (offset === end - 1n) ends.delete(partition);
        if (ends.size === 0) resolve();
      };
      consumer.run({ autoCommit: false, eachMessage }).catch(reject);
    });
  } finally {
    await consumer.disconnect();
    sockets.cut(new Error('read to the end'));
  }
  return records;
}
