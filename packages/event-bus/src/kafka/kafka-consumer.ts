import type { EventType } from '@darkroom/contract';
import { topicOf } from '@darkroom/contract/topics';
import type { GroupWork } from '../bus-transport.js';
import { BusError } from '../errors.js';
import { KeyedScheduler } from '../keyed-scheduler.js';
import type { Consumer, ConsumerHealth, ConsumerState, HandleMessage } from '../port.js';
import { backoffMs } from '../redelivery.js';
import { WakeUp } from '../wake-up.js';
import { type KafkaOptions, type KafkaSettings, settingsOf } from './options.js';
import { Tenure } from './tenure.js';

/** A broker that is back is found soon: nothing is gained by waiting longer. */
const rejoinBaseMs = 200;
const rejoinCapMs = 3_000;

/**
 * Consumes Kafka for one group. Each membership is a `Tenure` of its own; when one ends, by whatever cause, another begins. Handlers outlive
 * it: a stream is never handled twice at once in this process, also where its message came again in the next tenure.
 */
export class KafkaConsumer implements Consumer {
  private readonly options: KafkaSettings;
  private readonly types: ReadonlySet<EventType>;
  private readonly topics: readonly string[];
  private readonly wake = new WakeUp();
  private readonly scheduler: KeyedScheduler<never>;
  /** When the handlers began that have not ended. */
  private readonly begun = new Map<object, number>();
  private state: ConsumerState = 'starting';
  private stopping = false;
  private tenure: Tenure | undefined;
  private lastProgressAt: Date | undefined;
  private lastError: unknown;
  private running: Promise<void> | undefined;

  constructor(
    options: KafkaOptions,
    private readonly work: GroupWork,
  ) {
    this.options = settingsOf(options);
    this.types = new Set(work.types);
    this.topics = [...new Set(work.types.map((type) => topicOf(type).name))];
    this.scheduler = new KeyedScheduler({
      concurrency: this.options.concurrency,
      // Bounded per partition instead, so that a slow one leaves the others their room.
      capacity: Number.POSITIVE_INFINITY,
      onHalt: () => this.wake.signal(),
    });
  }

  /** Begins to join the group. */
  start(): void {
    this.running ??= this.run();
  }

  health(): ConsumerHealth {
    return {
      group: this.options.group,
      state: this.state,
      pending: this.scheduler.pending,
      parkedStreams: this.tenure?.delivery.parkedStreams ?? 0,
      lag: this.state === 'consuming' || this.state === 'standby' ? (this.tenure?.lag() ?? null) : null,
      lastProgressAt: this.lastProgressAt,
      lastError: this.lastError,
    };
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.tenure?.endTaking();
    this.wake.signal();
    await this.running;
    this.state = 'stopped';
  }

  private async run(): Promise<void> {
    const { policy, random, log, group } = this.options;
    let stops = 0;
    while (!this.stopping) {
      try {
        await this.untilNoHandlerIsStuck();
        if (this.stopping) break;
        await this.serve(stops > 0, () => (stops = 0));
      } catch (error) {
        stops += 1;
        this.lastError = error;
        this.state = 'waiting';
        // What stopped the handlers is probed ever more seldom.
        const pauseMs =
          this.scheduler.halted === undefined
            ? backoffMs(stops, rejoinBaseMs, rejoinCapMs, random)
            : backoffMs(stops, policy.stopBaseMs, policy.stopCapMs, random);
        log.error({ group, err: error, pauseMs }, 'consumer stopped; it will join again');
        this.scheduler.restart();
        await this.pause(pauseMs);
      }
    }
    await this.scheduler.close();
  }

  /** One tenure. Rejects with what ended it. */
  private async serve(probing: boolean, onHealthy: () => void): Promise<void> {
    const { scheduler, types, topics } = this;
    const shared = {
      scheduler,
      types,
      topics,
      handle: (message: Parameters<HandleMessage>[0]) => this.handle(message),
      onProgress: () => (this.lastProgressAt = new Date()),
      onTrouble: () => this.wake.signal(),
    };
    const tenure = new Tenure(this.options, shared, probing);
    this.tenure = tenure;
    if (this.stopping) tenure.endTaking();
    try {
      await tenure.join();
      while (!this.stopping) {
        this.state = tenure.isStandby ? 'standby' : 'consuming';
        if (scheduler.halted) throw scheduler.halted.error;
        this.refuseStuckHandlers();
        await tenure.tend();
        if (tenure.hasDone) onHealthy();
        await this.wake.sleep(this.options.commitMs);
      }
    } finally {
      await tenure.finish(this.stopping ? () => scheduler.close() : undefined);
    }
  }

  private async handle(message: Parameters<HandleMessage>[0]): Promise<void> {
    const call = {};
    this.begun.set(call, performance.now());
    try {
      await this.work.handle(message);
    } finally {
      this.begun.delete(call);
    }
  }

  private longestHandlerMs(): number {
    // In the order of their beginning.
    const [earliest] = this.begun.values();
    return earliest === undefined ? 0 : performance.now() - earliest;
  }

  private refuseStuckHandlers(): void {
    const ms = this.longestHandlerMs();
    if (ms > this.options.handlerLimitMs)
      throw new BusError('consumer_stuck', `a handler has run for ${Math.round(ms)} ms`);
  }

  private async untilNoHandlerIsStuck(): Promise<void> {
    while (!this.stopping && this.longestHandlerMs() > this.options.handlerLimitMs)
      await this.wake.sleep(1_000);
  }

  /** Sleeps its full time whatever happens, unless the consumer is stopping. */
  private async pause(ms: number): Promise<void> {
    const until = performance.now() + ms;
    for (let left = ms; left > 0 && !this.stopping; left = until - performance.now())
      await this.wake.sleep(left);
  }
}
