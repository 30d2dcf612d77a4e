import { connect, type Socket } from 'node:net';
import type { Topic } from '@darkroom/contract/topics';
import { topics } from '@darkroom/contract/topics';
import { createPostgresEventStore, type EventStore } from '@darkroom/event-store';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import { type RunningKafka, startKafka } from '@darkroom/infra';
import type { INestMicroservice } from '@nestjs/common';
import type { Admin, Producer } from 'kafkajs';
import { createBusMicroservice } from '../../bus-microservice.js';
import { toBusMessage } from '../../message.js';
import { busMigrations } from '../../migrations.js';
import { type BusLog, silentLog } from '../../port.js';
import type { ConsumeRequest, RunningConsumer } from '../../testing/index.js';
import { mayAppend, moduleOf, sampleAppender } from '../../testing/sample-bus.js';
import { openKafka } from '../client.js';
import { KafkaTransport } from '../kafka-transport.js';
import type { KafkaOptions } from '../options.js';
import { OwnSockets } from '../own-sockets.js';
import { toRecord } from '../record.js';
import { ensureTopics } from '../topics.js';

/** What a test may say of a consumer beside what the conformance cases ask. */
export type KafkaRequest = ConsumeRequest &
  Partial<Pick<KafkaOptions, 'sessionTimeoutMs' | 'handlerLimitMs' | 'log'>> & {
    /** Members with a lower one are given the first partitions. */
    readonly clientId?: string;
  };

/** A running member, and its connections. */
export interface KafkaMember extends RunningConsumer {
  readonly sockets: () => readonly OwnSockets[];
}

/** A broker, a store and members of groups, all real; what stands for the relay is one append, one send. */
export class KafkaWorld {
  readonly running = new Set<INestMicroservice>();
  private members = 0;

  private constructor(
    public broker: RunningKafka,
    readonly dataDir: string | undefined,
    readonly database: TestDatabase,
    readonly store: EventStore,
    readonly admin: Admin,
    readonly producer: Producer,
    private readonly sockets: OwnSockets,
    private readonly appendToStore: ReturnType<typeof sampleAppender>,
  ) {}

  /** @param partitions of every topic; default: as the contract has them. */
  static async start(
    options: { readonly partitions?: number; readonly dataDir?: string; readonly makeTopics?: boolean } = {},
  ): Promise<KafkaWorld> {
    const [broker, database] = await Promise.all([
      startKafka(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
      createTestDatabase({ migrations: [busMigrations] }),
    ]);
    const store = createPostgresEventStore(database.sql, { mayAppend });
    const sockets = new OwnSockets();
    const kafka = openKafka({ brokers: [broker.brokers], clientId: 'test' }, sockets, silentLog);
    const admin = kafka.admin();
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
    });
    await admin.connect();
    await producer.connect();
    const world = new KafkaWorld(
      broker,
      options.dataDir,
      database,
      store,
      admin,
      producer,
      sockets,
      sampleAppender(store),
    );
    if (options.makeTopics !== false) await world.makeTopics(options.partitions);
    return world;
  }

  /** The contract's, with as many partitions as the test wants. */
  async makeTopics(partitions?: number): Promise<void> {
    const wanted: Topic[] = topics().map((topic) => ({
      ...topic,
      partitions: partitions ?? topic.partitions,
    }));
    await ensureTopics(this.admin, wanted);
  }

  async append(stream: string, type?: Parameters<typeof this.appendToStore>[1]): Promise<number> {
    const version = await this.appendToStore(stream, type);
    const [event] = await this.store.readStream(stream, { after: version - 1 });
    if (event === undefined) throw new Error('appended, and not there');
    const { topic, ...message } = toRecord(toBusMessage(event));
    await this.producer.send({
      topic,
      acks: -1,
      messages: [{ ...message, headers: { ...message.headers } }],
    });
    return version;
  }

  async consume(request: KafkaRequest): Promise<KafkaMember> {
    let dead = false;
    const opened: OwnSockets[] = [];
    this.members += 1;
    const transport = new KafkaTransport({
      address: {
        brokers: [this.broker.brokers],
        clientId: request.clientId ?? `member-${String(this.members).padStart(5, '0')}`,
      },
      store: this.store,
      sql: this.database.sql,
      group: request.group,
      sessionTimeoutMs: request.sessionTimeoutMs ?? 1_500,
      commitMs: 20,
      sockets: () => {
        const sockets = new OwnSockets((port, host): Socket => {
          if (dead) throw new Error('this process is dead');
          return connect(port, host);
        });
        opened.push(sockets);
        return sockets;
      },
      ...(request.handlerLimitMs === undefined ? {} : { handlerLimitMs: request.handlerLimitMs }),
      ...(request.log === undefined ? {} : { log: request.log }),
      ...(request.concurrency === undefined ? {} : { concurrency: request.concurrency }),
      ...(request.capacity === undefined ? {} : { capacity: request.capacity }),
      ...(request.policy === undefined ? {} : { policy: request.policy }),
    });
    const app = await createBusMicroservice(moduleOf(request), transport, { logger: false });
    await app.listen();
    this.running.add(app);
    return {
      sockets: () => opened,
      health: () => {
        const health = transport.health();
        if (!health) throw new Error('not listening');
        return health;
      },
      stop: async () => {
        this.running.delete(app);
        await app.close();
      },
      vanish: async () => {
        dead = true;
        this.running.delete(app);
        for (const sockets of opened) sockets.cut(new Error('this process is dead'));
        void app.close();
      },
    };
  }

  /** Ends the members that a test left. */
  async closeMembers(): Promise<void> {
    await Promise.all([...this.running].map((app) => app.close()));
    this.running.clear();
  }

  async stop(): Promise<void> {
    await this.closeMembers();
    await Promise.allSettled([this.producer.disconnect(), this.admin.disconnect()]);
    this.sockets.cut(new Error('the test is over'));
    await this.store.stop();
    await this.database.drop();
    await this.broker.stop();
  }
}

/** Keeps what the bus logs. */
export function keptLog(): BusLog & {
  readonly lines: { readonly facts: object; readonly message: string }[];
} {
  const lines: { readonly facts: object; readonly message: string }[] = [];
  const keep = (facts: object, message: string): void => void lines.push({ facts, message });
  return { lines, info: keep, warn: keep, error: keep };
}
