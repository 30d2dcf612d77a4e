import { randomUUID } from 'node:crypto';
import type {
  CheckpointLease,
  Cursor,
  EventStore,
  LogPage,
  RecordedEvent,
  UnreadableEvent,
} from '@darkroom/event-store';
import type postgres from 'postgres';
import type { GroupWork } from './bus-transport.js';
import { Delivery } from './delivery.js';
import { KeyedScheduler } from './keyed-scheduler.js';
import { toBusMessage } from './message.js';
import { parkedStreams } from './parked-streams.js';
import { type BusLog, type Consumer, type ConsumerHealth, type ConsumerState, silentLog } from './port.js';
import { backoffMs, defaultRedeliveryPolicy, type RedeliveryPolicy } from './redelivery.js';
import { aboutMessage, recordPoll } from './bus-spans.js';
import { Upkeep } from './upkeep.js';
import { WakeUp } from './wake-up.js';

/** How a group reads the event store's own log. */
export interface PostgresLogOptions {
  readonly store: Pick<EventStore, 'readAll' | 'readStream' | 'checkpoints' | 'onAppended'>;
  /** For the table of parked streams. */
  readonly sql: postgres.Sql;
  /** Consumer group: one checkpoint, one active member. */
  readonly group: string;
  /** Streams handled at once. Default 32. */
  readonly concurrency?: number;
  /** Messages taken and not done at which reading pauses. Default 1,024. */
  readonly capacity?: number;
  /** Default 256. */
  readonly batchSize?: number;
  /** Default 10. A member that vanishes is replaced after this time. */
  readonly leaseSeconds?: number;
  /** Longest time between two looks at the log. Default 500. */
  readonly pollMs?: number;
  /** How often the low-water mark becomes the checkpoint. Default 200. */
  readonly checkpointMs?: number;
  readonly policy?: Partial<RedeliveryPolicy>;
  readonly log?: BusLog;
  readonly random?: () => number;
}

type SessionEnd = 'stopping' | 'lease-lost';

const shortestPollMs = 5;
/** Looks that find less than a page are at least so far apart: the busier, the more events each of them brings. */
const restMs = 10;
const interrupted = new Error('the consumer is stopping');

/** Consumes the event store's log for one group: lease, read, schedule, checkpoint. */
export class PostgresLogConsumer implements Consumer {
  private readonly holder = randomUUID();
  private readonly wake = new WakeUp();
  private readonly options: Required<PostgresLogOptions> & { readonly policy: RedeliveryPolicy };
  private state: ConsumerState = 'starting';
  private stopping = false;
  private scheduler: KeyedScheduler<Cursor> | undefined;
  private delivery: Delivery | undefined;
  private interrupt = new AbortController();
  private lastProgressAt: Date | undefined;
  private lastError: unknown;
  private running: Promise<void> | undefined;

  constructor(
    options: PostgresLogOptions,
    private readonly work: GroupWork,
  ) {
    this.options = {
      concurrency: 32,
      capacity: 1_024,
      batchSize: 256,
      leaseSeconds: 10,
      pollMs: 500,
      checkpointMs: 200,
      log: silentLog,
      random: Math.random,
      ...options,
      policy: { ...defaultRedeliveryPolicy, ...options.policy },
    };
  }

  /** Begins to compete for the group's lease. */
  start(): void {
    this.running ??= this.run();
  }

  health(): ConsumerHealth {
    return {
      group: this.options.group,
      state: this.state,
      pending: this.scheduler?.pending ?? 0,
      parkedStreams: this.delivery?.parkedStreams ?? 0,
      lag: undefined,
      lastProgressAt: this.lastProgressAt,
      lastError: this.lastError,
    };
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.endTaking();
    await this.running;
    this.state = 'stopped';
  }

  private async run(): Promise<void> {
    const undoHints = this.options.store.onAppended(() => this.wake.signal());
    let stops = 0;
    try {
      while (!this.stopping) {
        try {
          const lease = await this.options.store.checkpoints.acquire(
            this.options.group,
            this.holder,
            this.options.leaseSeconds,
          );
          if (lease === null) {
            this.state = 'standby';
            await this.pause((this.options.leaseSeconds * 1_000) / 3);
            continue;
          }
          const end = await this.session(lease, stops > 0, () => (stops = 0));
          if (end === 'lease-lost')
            this.options.log.warn({ group: this.options.group }, 'lease lost; competing for it again');
        } catch (error) {
          stops += 1;
          const { stopBaseMs, stopCapMs } = this.options.policy;
          const pauseMs = backoffMs(stops, stopBaseMs, stopCapMs, this.options.random);
          this.lastError = error;
          this.state = 'waiting';
          this.options.log.error(
            { group: this.options.group, err: error, pauseMs },
            'consumer stopped; it will probe again',
          );
          await this.pause(pauseMs);
        }
      }
    } finally {
      undoHints();
    }
  }

  /** Starts nothing more: also when the hands are full of messages that wait for their next try. */
  private endTaking(): void {
    this.interrupt.abort(interrupted);
    void this.scheduler?.close();
    this.wake.signal();
  }

  /** Sleeps its full time whatever is appended, unless the consumer is stopping. */
  private async pause(ms: number): Promise<void> {
    const until = performance.now() + ms;
    for (let left = ms; left > 0 && !this.stopping; left = until - performance.now())
      await this.wake.sleep(left);
  }

  /** One tenure of the lease. Rejects with what stopped it. */
  private async session(
    lease: CheckpointLease,
    probing: boolean,
    onHealthy: () => void,
  ): Promise<SessionEnd> {
    const { store, sql, group, policy, random, log, concurrency, capacity } = this.options;
    this.interrupt = new AbortController();
    if (this.stopping) this.interrupt.abort(interrupted);
    const scheduler = new KeyedScheduler<Cursor>({ concurrency, capacity, onHalt: () => this.wake.signal() });
    const delivery = new Delivery({
      group,
      handle: this.work.handle,
      parked: parkedStreams(sql, group),
      readStream: async (stream, after) =>
        (await store.readStream(stream, { after }))
          .filter((event) => this.work.types.includes(event.type))
          .map(toBusMessage),
      policy,
      random,
      log,
      probing,
      signal: this.interrupt.signal,
    });
    const upkeep = new Upkeep(this.options, lease, scheduler, () => this.endTaking());
    this.scheduler = scheduler;
    this.delivery = delivery;
    try {
      await delivery.load();
      upkeep.start();
      this.state = 'consuming';
      await this.read(lease.cursor, scheduler, delivery, upkeep, onHealthy);
      return this.stopping ? 'stopping' : 'lease-lost';
    } finally {
      this.interrupt.abort(interrupted);
      await scheduler.close();
      await upkeep.finish();
    }
  }

  private async read(
    from: Cursor,
    scheduler: KeyedScheduler<Cursor>,
    delivery: Delivery,
    upkeep: Upkeep,
    onHealthy: () => void,
  ): Promise<void> {
    const { store, batchSize, pollMs, policy } = this.options;
    let cursor = from;
    let nextLookAtParked = 0;
    let quietMs = shortestPollMs;
    while (!this.stopping && !upkeep.lost) {
      await scheduler.room();
      if (this.stopping || upkeep.lost) return;
      if (scheduler.halted) throw scheduler.halted.error;
      const lookedAt = Date.now();
      const rested = performance.now() + restMs;
      const page = await store.readAll({ after: cursor, limit: batchSize, types: this.work.types });
      this.lastProgressAt = new Date();
      if (page.cursor !== cursor) this.take(page, lookedAt, scheduler, delivery);
      const moved = page.cursor !== cursor;
      if (moved) scheduler.reach(page.cursor);
      cursor = page.cursor;
      if (performance.now() >= nextLookAtParked) {
        nextLookAtParked = performance.now() + Math.min(1_000, policy.parkBaseMs);
        await this.retryParked(scheduler, delivery);
      }
      if (scheduler.lowWater !== undefined && !scheduler.halted) onHealthy();
      if (moved) {
        quietMs = shortestPollMs;
        if (page.events.length + page.unreadable.length >= batchSize) continue;
        await this.pause(rested - performance.now());
      }
      // An event that was hinted at may still be held back by an older open transaction: look again soon, then ever more slowly.
      quietMs = (await this.wake.sleep(quietMs)) ? shortestPollMs : Math.min(pollMs, quietMs * 2);
    }
  }

  /** Takes a page's events in the order of the log, those that cannot be read too: nothing may be passed in silence. */
  private take(
    { events, unreadable }: LogPage,
    lookedAt: number,
    scheduler: KeyedScheduler<Cursor>,
    delivery: Delivery,
  ): void {
    if (events.length + unreadable.length === 0) return;
    const poll = recordPoll('darkroom', this.options.group, lookedAt, events.length);
    for (const event of inOrder(events, unreadable)) {
      scheduler.add(event.stream, event.cursor, () => {
        if ('error' in event) return delivery.parkUnreadable(event, event.error);
        const message = toBusMessage(event);
        return aboutMessage(message, poll, () => delivery.deliver(message));
      });
    }
  }

  private async retryParked(scheduler: KeyedScheduler<Cursor>, delivery: Delivery): Promise<void> {
    for (const { stream } of await parkedStreams(this.options.sql, this.options.group).due(64)) {
      scheduler.addUntracked(stream, () => delivery.retryParked(stream));
    }
  }
}

/** Both in the order of the log. */
const inOrder = (
  events: LogPage['events'],
  unreadable: LogPage['unreadable'],
): readonly (RecordedEvent | UnreadableEvent)[] =>
  unreadable.length === 0
    ? events
    : [...events, ...unreadable].sort((a, b) => (a.cursor < b.cursor ? -1 : 1));
