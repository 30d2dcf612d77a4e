import { topics } from '@darkroom/contract/topics';
import type { Message, Producer } from 'kafkajs';
import { recordPublished } from '../bus-spans.js';
import { BusError } from '../errors.js';
import type { BusMessage } from '../message.js';
import { type BusLog, silentLog } from '../port.js';
import { within } from '@darkroom/platform';
import { type KafkaAddress, openKafka } from './client.js';
import { OwnSockets } from './own-sockets.js';
import { type EventRecord, toRecord } from './record.js';
import { ensureTopics } from './topics.js';

export interface KafkaPublisherOptions {
  readonly address: KafkaAddress;
  /** Copies that a topic which is made here has. Default 1. */
  readonly replicationFactor?: number;
  /** Bytes of values that one send holds, unless one record alone is larger. Default 1,000,000. */
  readonly sendBytes?: number;
  /** Default 20,000. A send that is not acknowledged by then has failed. */
  readonly sendWithinMs?: number;
  readonly log?: BusLog;
  /** Where a test cuts the connections. */
  readonly sockets?: () => OwnSockets;
}

/**
 * Publishes events in the order given, one send in flight, acknowledged by all replicas that are in sync. After any failure the producer is
 * thrown away, sockets and all: with the idempotence of kafkajs a send whose answer was lost, followed by another, was seen to lose
 * acknowledged records (tulios/kafkajs#1005). What a send that failed has written all the same comes a second time, in the same order, when
 * its caller publishes it again; so that first occurrences are in order.
 */
export class KafkaPublisher {
  private producer: Producer | undefined;
  private sockets: OwnSockets | undefined;
  private isStopped = false;
  private readonly log: BusLog;

  constructor(private readonly options: KafkaPublisherOptions) {
    this.log = options.log ?? silentLog;
  }

  /**
   * Resolves when all is acknowledged. One call at a time.
   * @throws BusError `topic_mismatch` or `broker_silent`, or what kafkajs could not get past: then all of it is to be published again
   */
  async publish(messages: readonly BusMessage[]): Promise<void> {
    const { sendBytes = 1_000_000, sendWithinMs = 20_000 } = this.options;
    try {
      const producer = (this.producer ??= await this.connect());
      const began = Date.now();
      for (const records of inSends(messages.map(toRecord), sendBytes))
        await within(
          sendWithinMs,
          producer.sendBatch({ acks: -1, timeout: sendWithinMs / 2, topicMessages: byTopic(records) }),
          () => new BusError('broker_silent', `a send was not acknowledged within ${sendWithinMs} ms`),
        );
      recordPublished(messages, began);
    } catch (error) {
      this.drop(error);
      throw error;
    }
  }

  /** Closes the connection; what is being published then fails, and so does what is published later. */
  async stop(): Promise<void> {
    this.isStopped = true;
    const { producer } = this;
    if (producer !== undefined)
      await within(2_000, producer.disconnect(), () => new Error('late')).catch(() => undefined);
    this.drop(new Error('the publisher was stopped'));
  }

  private async connect(): Promise<Producer> {
    if (this.isStopped) throw new BusError('publisher_stopped', 'the publisher was stopped');
    const { address, replicationFactor, sockets: made } = this.options;
    const sockets = (this.sockets = made?.() ?? new OwnSockets());
    const kafka = openKafka(address, sockets, this.log);
    const connect = async (): Promise<Producer> => {
      const admin = kafka.admin();
      await admin.connect();
      await ensureTopics(admin, topics(), replicationFactor);
      await admin.disconnect();
      const producer = kafka.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        // The least that it takes; the broker drops what comes again with the same sequence number.
        retry: { retries: 1 },
      });
      await producer.connect();
      return producer;
    };
    return within(30_000, connect(), () => new BusError('broker_silent', 'no broker within 30 s'));
  }

  private drop(error: unknown): void {
    this.sockets?.cut(new Error('this producer was given up', { cause: error }));
    this.sockets = undefined;
    this.producer = undefined;
  }
}

/** In order, in parts of about so many bytes. */
function* inSends(records: readonly EventRecord[], bytes: number): Generator<readonly EventRecord[]> {
  let part: EventRecord[] = [];
  let size = 0;
  for (const record of records) {
    const own = Buffer.byteLength(record.value);
    if (part.length > 0 && size + own > bytes) {
      yield part;
      part = [];
      size = 0;
    }
    part.push(record);
    size += own;
  }
  if (part.length > 0) yield part;
}

function byTopic(records: readonly EventRecord[]): { topic: string; messages: Message[] }[] {
  const messages = new Map<string, Message[]>();
  for (const { topic, key, value, headers, timestamp } of records) {
    const known = messages.get(topic) ?? [];
    known.push({ key, value, headers: { ...headers }, timestamp });
    messages.set(topic, known);
  }
  return [...messages].map(([topic, listed]) => ({ topic, messages: listed }));
}
