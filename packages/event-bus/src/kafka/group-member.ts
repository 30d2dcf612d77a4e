import type { Consumer as KafkaJsConsumer, Kafka, KafkaMessage } from 'kafkajs';
import { BusError } from '../errors.js';
import type { BusLog } from '../port.js';
import { within } from '@darkroom/platform';
import type { OwnSockets } from './own-sockets.js';

/** One partition of one topic. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** As a key of maps. */
export const placeKey = ({ topic, partition }: Place): string => `${topic}/${partition}`;

/** What a member tells of. Called in the order of things; none may throw. */
export interface MemberListener {
  /**
   * The group was joined, again after each rebalance.
   * @param memberId another than before: it had been out of the group, and others had its partitions
   */
  assigned(memberId: string, places: readonly Place[]): void;
  /**
   * Records of a partition, ascending.
   * @param highWatermark the offset that its next record will have
   * @returns the offset of the last that was taken; undefined: none was
   */
  records(place: Place, records: readonly KafkaMessage[], highWatermark: string): string | undefined;
  /** A broker answered. */
  heard(): void;
}

export interface MemberOptions {
  readonly kafka: Kafka;
  readonly group: string;
  readonly topics: readonly string[];
  /** After this time without a heartbeat the broker gives its partitions to others. */
  readonly sessionTimeoutMs: number;
  /** All that the client has. */
  readonly sockets: OwnSockets;
  readonly log: BusLog;
}

const maxWaitMs = 250;
const answerMs = 5_000;

/**
 * One life of kafkajs's consumer: joins, fetches, commits what it is told to, leaves. It never restarts by itself: it `ended`, whatever the
 * cause, and its owner makes another. Nothing waits for kafkajs longer than its bound, since it may wait for ever for a broker that is gone;
 * what then is still under way in it ends with its sockets.
 *
 * `records` returns at once, so that kafkajs, which sends heartbeats between batches only, always comes to them.
 */
export class GroupMember {
  /** Rejects when it can consume no more. */
  readonly ended: Promise<never>;
  private readonly consumer: KafkaJsConsumer;
  private fail: (error: unknown) => void = () => undefined;
  private heardAt = performance.now();
  private watch: NodeJS.Timeout | undefined;
  private isOver = false;
  private onJoined: () => void = () => undefined;

  constructor(
    private readonly options: MemberOptions,
    private readonly listener: MemberListener,
  ) {
    const { kafka, group, sessionTimeoutMs } = options;
    this.ended = new Promise((_, reject) => {
      this.fail = (error) => {
        this.isOver = true;
        reject(error);
      };
    });
    this.ended.catch(() => undefined);
    this.consumer = kafka.consumer({
      groupId: group,
      sessionTimeout: sessionTimeoutMs,
      // Nobody's handlers are waited for: a member that lives joins again as soon as it hears of a rebalance.
      rebalanceTimeout: sessionTimeoutMs,
      heartbeatInterval: Math.max(100, sessionTimeoutMs / 5),
      maxWaitTimeInMs: maxWaitMs,
      allowAutoTopicCreation: false,
      retry: {
        initialRetryTime: 100,
        multiplier: 2,
        maxRetryTime: 1_000,
        retries: 5,
        factor: 0.2,
        restartOnFailure: () => Promise.resolve(false),
      },
    });
    this.listen();
  }

  /** @throws BusError `broker_silent`, or what kafkajs could not get past */
  async join(): Promise<void> {
    const joined = new Promise<void>((resolve) => (this.onJoined = resolve));
    const { sessionTimeoutMs } = this.options;
    this.heard();
    this.watch = setInterval(() => this.lookForSilence(), sessionTimeoutMs / 4).unref();
    const start = async (): Promise<void> => {
      await this.consumer.connect();
      await this.consumer.subscribe({ topics: [...this.options.topics], fromBeginning: true });
      // Resolves also where joining failed: that is told as a crash.
      await this.consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 1,
        eachBatch: async (fetched) => {
          const { topic, partition, messages, highWatermark } = fetched.batch;
          const last = this.listener.records({ topic, partition }, messages, highWatermark);
          // As far as it was taken: from there it is fetched on. Nothing is committed by that.
          if (last !== undefined) fetched.resolveOffset(last);
        },
      });
      await joined;
    };
    await Promise.race([start(), this.ended]);
  }

  pause({ topic, partition }: Place): void {
    this.quietly(() => this.consumer.pause([{ topic, partitions: [partition] }]));
  }

  /** Fetches on from here; what was fetched from elsewhere before is not brought any more. */
  seek({ topic, partition }: Place, offset: string): void {
    this.quietly(() => this.consumer.seek({ topic, partition, offset }));
  }

  resume({ topic, partition }: Place): void {
    this.quietly(() => this.consumer.resume([{ topic, partitions: [partition] }]));
  }

  /** @throws where the broker refuses or does not answer: then nothing is known, and all of it may be tried again */
  async commit(offsets: readonly (Place & { readonly offset: string })[]): Promise<void> {
    if (offsets.length > 0) await this.ask('commit', this.consumer.commitOffsets([...offsets]));
  }

  /** Leaves the group as far as the broker answers, so that the others need not wait for its session's end. Never rejects. */
  async leave(): Promise<void> {
    clearInterval(this.watch);
    await this.ask('leave', this.consumer.disconnect()).catch(() => undefined);
    this.fail(new BusError('member_left', 'this member has left its group'));
    this.options.sockets.cut(new Error('this member has left its group'));
  }

  /** Waits for what was asked of the cluster, no longer than the bound or this member's end. @throws BusError `broker_silent` */
  async ask<T>(what: string, work: Promise<T>): Promise<T> {
    const late = (): BusError => new BusError('broker_silent', `no answer to ${what} within ${answerMs} ms`);
    return Promise.race([within(answerMs, work, late), this.ended]);
  }

  private listen(): void {
    const { consumer, listener } = this;
    const { GROUP_JOIN, CRASH, REQUEST } = consumer.events;
    consumer.on(GROUP_JOIN, ({ payload: { memberId, memberAssignment } }) => {
      const places = Object.entries(memberAssignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => ({ topic, partition })),
      );
      listener.assigned(memberId, places);
      this.onJoined();
    });
    consumer.on(CRASH, ({ payload: { error } }) => this.fail(error));
    consumer.on(REQUEST, () => this.heard());
  }

  private heard(): void {
    this.heardAt = performance.now();
    this.listener.heard();
  }

  /** A join waits for the others as long as a session may last; a look for records, and a heartbeat, are answered far sooner. */
  private lookForSilence(): void {
    const silentMs = performance.now() - this.heardAt;
    if (silentMs > 2 * this.options.sessionTimeoutMs + answerMs)
      this.fail(new BusError('broker_silent', `no broker has answered for ${Math.round(silentMs)} ms`));
  }

  private quietly(run: () => void): void {
    // What has ended fetches nothing that could be paused.
    if (this.isOver) return;
    try {
      run();
    } catch (error) {
      // Between two lives of its runner it has nothing to pause.
      this.options.log.warn(
        { group: this.options.group, err: error },
        'kafkajs took no order for a partition',
      );
    }
  }
}
