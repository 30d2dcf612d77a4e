import { type EventType, isEventType } from '@darkroom/contract';
import { topicOf } from '@darkroom/contract/topics';
import type { Kafka, KafkaMessage } from 'kafkajs';
import { Delivery } from '../delivery.js';
import { BusError } from '../errors.js';
import type { KeyedScheduler } from '../keyed-scheduler.js';
import { toBusMessage } from '../message.js';
import { type DueStream, type ParkedStreams, parkedStreams } from '../parked-streams.js';
import type { HandleMessage } from '../port.js';
import { type Lag, within } from '@darkroom/platform';
import { aboutMessage, type Poll, recordPoll } from '../bus-spans.js';
import { backoffMs, classifyFailure } from '../redelivery.js';
import { interruptibleDelay } from '../wake-up.js';
import { AssignedPartition } from './assigned-partition.js';
import { openKafka } from './client.js';
import { GroupMember, type MemberListener, type Place, placeKey } from './group-member.js';
import { assertSameSubscription, readGroupOffsets } from './group-offsets.js';
import type { KafkaSettings } from './options.js';
import type { OwnSockets } from './own-sockets.js';
import { readRecord } from './record.js';
import { noteRefused } from './refused-records.js';
import { partitionOf } from './topics.js';

/** What a tenure shares with those before and after it. */
export interface Shared {
  readonly types: ReadonlySet<EventType>;
  readonly topics: readonly string[];
  readonly handle: HandleMessage;
  readonly scheduler: KeyedScheduler<never>;
  /** Something was done, or there is nothing to do and a broker says so. */
  readonly onProgress: () => void;
  /** There is something to see to. */
  readonly onTrouble: () => void;
}

const interrupted = new Error('this tenure is over');
/** Commits that fail while the group rebalances are tried again; who cannot commit for so long consumes in vain. */
const commitPatienceMs = 30_000;
/** What is not committed by then comes again; with as long for leaving, a process that is told to end does so within its ten seconds. */
const lastCommitsMs = 3_000;
/** A connection that is dead without a word would be waited for for ever, while the member's heartbeats make it look well. */
const loadWithinMs = 10_000;

class LateLoad extends Error {}

/** One membership of a group, from joining to leaving: what it takes, hands to the scheduler and commits. */
export class Tenure implements MemberListener {
  readonly delivery: Delivery;
  private readonly sockets: OwnSockets;
  private readonly kafka: Kafka;
  private readonly member: GroupMember;
  private readonly parked: ParkedStreams;
  private readonly interrupt = new AbortController();
  private readonly places = new Map<string, AssignedPartition>();
  private partitions: ReadonlyMap<string, number> = new Map();
  private memberId: string | undefined;
  private failure: { readonly error: unknown } | undefined;
  private committing: Promise<void> | undefined;
  private commitFailsSince: number | undefined;
  private nextLookAtParked = 0;
  private done = 0;

  constructor(
    private readonly options: KafkaSettings,
    private readonly shared: Shared,
    probing: boolean,
  ) {
    const { address, group, sql, store, policy, random, log, sessionTimeoutMs } = options;
    this.sockets = options.sockets();
    this.kafka = openKafka(address, this.sockets, log);
    this.parked = parkedStreams(sql, group);
    this.delivery = new Delivery({
      group,
      handle: shared.handle,
      parked: this.parked,
      readStream: async (stream, after) =>
        (await store.readStream(stream, { after }))
          .filter((event) => shared.types.has(event.type))
          .map(toBusMessage),
      policy,
      random,
      log,
      probing,
      signal: this.interrupt.signal,
    });
    this.member = new GroupMember(
      { kafka: this.kafka, group, topics: shared.topics, sessionTimeoutMs, sockets: this.sockets, log },
      this,
    );
    this.member.ended.catch((error: unknown) => this.fail(error));
  }

  /**
   * Returns early when it is to take nothing any more: a group may be joined for as long as a session lasts.
   * @throws BusError `mixed_subscriptions` or `broker_silent`, or what kafkajs could not get past
   */
  async join(): Promise<void> {
    const { signal } = this.interrupt;
    if (signal.aborted) return;
    const ended = new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    const join = async (): Promise<void> => {
      // Before it joins: its joining alone would take partitions from those who read them.
      await this.member.ask(
        'who is in the group',
        assertSameSubscription(this.kafka, this.options.group, this.shared.topics),
      );
      if (!signal.aborted) await this.member.join();
    };
    const joining = join();
    joining.catch(() => undefined);
    await Promise.race([joining, ended]);
  }

  /** The group has given it nothing to read. */
  get isStandby(): boolean {
    return this.places.size === 0;
  }

  /** Something was done, so that what made earlier tenures end has passed. */
  get hasDone(): boolean {
    return this.done > 0;
  }

  /** What is to be done from time to time. @throws what ended the tenure */
  async tend(): Promise<void> {
    if (this.failure) throw this.failure.error;
    this.resumeWhereThereIsRoom();
    this.committing ??= this.commit().finally(() => (this.committing = undefined));
    if (performance.now() < this.nextLookAtParked) return;
    this.nextLookAtParked = performance.now() + Math.min(1_000, this.options.policy.parkBaseMs);
    await this.retryParked();
  }

  /** Takes nothing more, also when the hands are full of messages that wait for their next try. */
  endTaking(): void {
    if (this.interrupt.signal.aborted) return;
    this.interrupt.abort(interrupted);
    for (const { place } of this.places.values()) this.member.pause(place);
  }

  /** Commits what is done and leaves. @param settle waits for what runs: given where the consumer stops in order */
  async finish(settle?: () => Promise<void>): Promise<void> {
    this.endTaking();
    await settle?.();
    const commits = async (): Promise<void> => {
      await this.committing;
      await this.commit();
    };
    const late = (): BusError => new BusError('broker_silent', 'the last commits were not acknowledged');
    const { group, log } = this.options;
    await within(lastCommitsMs, commits(), late).catch((error: unknown) =>
      log.warn({ group, err: error }, 'what was done last may not be committed, and may come again'),
    );
    for (const partition of this.places.values()) partition.lose();
    await this.member.leave();
  }

  heard(): void {
    if (this.shared.scheduler.pending === 0) this.shared.onProgress();
  }

  assigned(memberId: string, places: readonly Place[]): void {
    const kept = memberId === this.memberId ? new Set(places.map(placeKey)) : new Set<string>();
    this.memberId = memberId;
    for (const [key, partition] of this.places) {
      if (kept.has(key)) continue;
      partition.lose();
      this.places.delete(key);
    }
    const gained: Place[] = [];
    for (const place of places) {
      // While nothing more is taken, nothing is to be fetched either.
      if (this.interrupt.signal.aborted) this.member.pause(place);
      if (this.places.has(placeKey(place))) continue;
      this.places.set(placeKey(place), new AssignedPartition(place, this.interrupt.signal));
      this.member.pause(place);
      gained.push(place);
    }
    const { group, log } = this.options;
    log.info(
      { group, memberId, partitions: this.places.size, gained: gained.length },
      'the group was joined',
    );
    if (gained.length > 0) this.prepare(gained).catch((error: unknown) => this.fail(error));
    this.shared.onTrouble();
  }

  /** Of all its partitions, as they were when the broker last told of them. */
  lag(): Lag {
    let events = 0;
    let oldest = Number.POSITIVE_INFINITY;
    for (const partition of this.places.values()) {
      events += partition.behind;
      oldest = Math.min(oldest, partition.oldestOpen ?? Number.POSITIVE_INFINITY);
    }
    return { events, ageSeconds: Math.max(0, (Date.now() - oldest) / 1_000) };
  }

  records(place: Place, records: readonly KafkaMessage[], highWatermark: string): string | undefined {
    const partition = this.places.get(placeKey(place));
    if (!partition?.isReady || this.interrupt.signal.aborted) return undefined;
    partition.end = BigInt(highWatermark);
    if (partition.endsBefore(partition.end)) {
      this.fail(new BusError('offsets_reset', `${placeKey(place)} ends before what was read of it`));
      return undefined;
    }
    const poll = recordPoll('kafka', this.options.group, Date.now(), records.length);
    let last: string | undefined;
    for (const record of records) {
      if (partition.isNew(BigInt(record.offset))) {
        if (partition.open >= this.options.capacity) {
          partition.paused = true;
          this.member.pause(place);
          break;
        }
        this.take(partition, record, poll);
      }
      last = record.offset;
    }
    return last;
  }

  private take(partition: AssignedPartition, record: KafkaMessage, poll: Poll): void {
    const { group, sql, log } = this.options;
    const { offset, value } = record;
    const entry = partition.take(BigInt(offset), Number(record.timestamp));
    const finish = (): void => partition.finish(entry);
    const read = readRecord(record, this.shared.types);
    switch (read.kind) {
      case 'passed-over':
        return finish();
      case 'message':
        return this.schedule(partition, read.message.stream, finish, (signal) =>
          aboutMessage(read.message, poll, () => this.delivery.deliver(read.message, signal)),
        );
      case 'unreadable':
        return this.schedule(partition, read.at.stream, finish, () =>
          this.delivery.parkUnreadable(read.at, read.error),
        );
      case 'refused':
        return this.schedule(partition, placeKey(partition.place), finish, async () => {
          await noteRefused(sql, group, { ...partition.place, offset, value, reason: read.reason });
          log.error(
            { group, ...partition.place, offset, reason: read.reason },
            'a record does not say which event it is; noted, and passed over',
          );
        });
    }
  }

  /** Queues work of a partition behind all of its key. What is queued when the partition is lost is left for its next owner. */
  private schedule(
    partition: AssignedPartition,
    key: string,
    finish: () => void,
    run: (signal: AbortSignal) => Promise<void>,
  ): void {
    const over = partition.signal;
    this.shared.scheduler.addUntracked(key, async () => {
      if (over.aborted) return;
      try {
        await run(over);
      } catch (error) {
        // It counts as not done, and comes again to whoever has the partition then.
        if (over.aborted) return;
        throw error;
      }
      finish();
      this.done += 1;
      this.shared.onProgress();
    });
  }

  /** Finds out where to go on in partitions that were gained, and which streams are parked, before anything of them is taken. */
  private async prepare(gained: readonly Place[]): Promise<void> {
    const { group, log } = this.options;
    const { topics } = this.shared;
    const found = await this.member.ask('offsets', readGroupOffsets(this.kafka, group, topics, gained));
    await this.loadParked();
    this.partitions = found.partitions;
    for (const { place, from, end, outOfRange } of found.startingPoints) {
      const partition = this.places.get(placeKey(place));
      if (partition === undefined || partition.isReady) continue;
      if (outOfRange)
        log.warn(
          { group, ...place, from: String(from) },
          'the partition no longer holds what was noted as read; all of it is read again',
        );
      partition.startAt(from);
      partition.end = end;
      partition.paused = false;
      this.member.seek(place, String(from));
      if (!this.interrupt.signal.aborted) this.member.resume(place);
    }
  }

  /** A database that is away is waited for as a member: leaving and joining again would only disturb the others. */
  private async loadParked(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await within(loadWithinMs, this.delivery.load(), () => new LateLoad());
      } catch (error) {
        if (!(error instanceof LateLoad) && classifyFailure(error) !== 'transient') throw error;
        await interruptibleDelay(backoffMs(tries, 100, 2_000, this.options.random), this.interrupt.signal);
      }
    }
  }

  private resumeWhereThereIsRoom(): void {
    if (this.interrupt.signal.aborted) return;
    for (const partition of this.places.values()) {
      if (!partition.paused || !partition.isReady || partition.open > this.options.capacity / 2) continue;
      partition.paused = false;
      this.member.resume(partition.place);
    }
  }

  /** Never rejects: what could not be committed is committed with the next, or comes again. */
  private async commit(): Promise<void> {
    const marks = [...this.places.values()].flatMap((partition) => {
      const offset = partition.uncommitted;
      return offset === undefined ? [] : [{ partition, offset }];
    });
    if (marks.length === 0) return;
    try {
      await this.member.commit(
        marks.map(({ partition, offset }) => ({ ...partition.place, offset: String(offset) })),
      );
      for (const { partition, offset } of marks) partition.noteCommitted(offset);
      this.commitFailsSince = undefined;
    } catch (error) {
      this.commitFailsSince ??= performance.now();
      if (performance.now() - this.commitFailsSince > commitPatienceMs) this.fail(error);
    }
  }

  private async retryParked(): Promise<void> {
    let due: readonly DueStream[];
    try {
      due = await this.parked.due(1_000);
    } catch (error) {
      if (classifyFailure(error) === 'transient') return;
      throw error;
    }
    for (const { stream, eventType } of due) {
      const partition = this.partitionFor(stream, eventType);
      if (partition === undefined || this.shared.scheduler.isBusy(stream)) continue;
      this.schedule(
        partition,
        stream,
        () => undefined,
        (signal) => this.delivery.retryParked(stream, signal),
      );
    }
  }

  /** Each parked stream is tried by who has its partition. */
  private partitionFor(stream: string, eventType: string): AssignedPartition | undefined {
    const topic = isEventType(eventType) ? topicOf(eventType).name : this.shared.topics[0];
    if (topic === undefined) return undefined;
    const partitions = this.partitions.get(topic);
    if (partitions === undefined) return undefined;
    const partition = this.places.get(placeKey({ topic, partition: partitionOf(topic, partitions, stream) }));
    return partition?.isReady === true ? partition : undefined;
  }

  private fail(error: unknown): void {
    this.failure ??= { error };
    this.shared.onTrouble();
  }
}
