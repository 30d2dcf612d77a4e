import { EventStoreError } from '@darkroom/event-store';
import type { BusMessage } from './message.js';
import type { ParkedAt, ParkedStream, ParkedStreams } from './parked-streams.js';
import type { BusLog, HandleMessage } from './port.js';
import {
  classifyFailure,
  commonCause,
  decideRedelivery,
  parkedBackoffMs,
  type RedeliveryPolicy,
} from './redelivery.js';
import { interruptibleDelay } from './wake-up.js';

/** What a delivery works with. */
export interface DeliveryOptions {
  readonly group: string;
  readonly handle: HandleMessage;
  readonly parked: ParkedStreams;
  /** The stream's messages of the types that this group handles, after a version. */
  readonly readStream: (stream: string, after: number) => Promise<BusMessage[]>;
  readonly policy: RedeliveryPolicy;
  readonly random: () => number;
  readonly log: BusLog;
  /** After a stop: the first failure stops again, the first success ends the probing. */
  readonly probing: boolean;
  /** Ends waits between two tries; what waits counts as not delivered. */
  readonly signal: AbortSignal;
}

/**
 * Brings messages to the handler and carries out what redelivery.ts decides. Never called for one stream twice at once.
 * `deliver` resolves when the message is done with (handled, dropped, parked or queued behind) and rejects when the consumer must stop.
 */
export class Delivery {
  private readonly parkedNow = new Set<string>();
  private successes = 0;
  private failedInARow: number;

  constructor(private readonly options: DeliveryOptions) {
    this.failedInARow = options.probing ? options.policy.commonCauseStreams - 1 : 0;
  }

  /** Learns which streams are parked; before the first delivery. */
  async load(): Promise<void> {
    for (const stream of await this.options.parked.streams()) this.parkedNow.add(stream);
  }

  /** Streams parked as far as this consumer knows. */
  get parkedStreams(): number {
    return this.parkedNow.size;
  }

  /** @param signal ends the waits of this message alone; without it, with the consumer's */
  async deliver(message: BusMessage, signal: AbortSignal = this.options.signal): Promise<void> {
    if (this.parkedNow.has(message.stream) && (await this.resume(message.stream, message, signal))) return;
    let successesBefore: number | undefined;
    for (let tries = 1; ; tries += 1) {
      signal.throwIfAborted();
      try {
        await this.options.handle(message);
        this.succeeded();
        return;
      } catch (error) {
        successesBefore ??= this.successes;
        const othersGetThrough = this.successes > successesBefore;
        const { policy, random } = this.options;
        const decided = decideRedelivery(
          { error, tries },
          { othersGetThrough, failedInARow: this.failedInARow },
          policy,
          random,
        );
        switch (decided.verdict) {
          case 'retry':
            if (tries === 1)
              this.options.log.warn(
                this.facts(message, { err: error }),
                'handler failed; trying again in place',
              );
            await interruptibleDelay(decided.afterMs, signal);
            break;
          case 'park':
            // Counted before anything is awaited: streams that fail together must see each other.
            this.failedInARow += 1;
            await this.options.parked.park(message, error, tries, decided.nextTryMs);
            this.parkedNow.add(message.stream);
            this.options.log.error(
              this.facts(message, { err: error, tries }),
              'stream parked; the others go on',
            );
            return;
          case 'stop':
            throw classifyFailure(error) === 'common' ? error : commonCause(error);
        }
      }
    }
  }

  /**
   * An event that this program cannot read, of a newer version or damaged: its stream is parked at once, later events queue behind
   * it, and it is tried again when its time has come, by a program that may read it then.
   */
  async parkUnreadable(event: ParkedAt, error: unknown): Promise<void> {
    this.options.signal.throwIfAborted();
    await this.options.parked.park(event, error, 1, parkedBackoffMs(1, this.options.policy));
    this.parkedNow.add(event.stream);
    const { stream, version, type } = event;
    this.options.log.error(
      { group: this.options.group, stream, version, type, err: error },
      'an event cannot be read; its stream is parked, the others go on',
    );
  }

  /** Tries a parked stream whose time has come. */
  async retryParked(stream: string, signal: AbortSignal = this.options.signal): Promise<void> {
    this.parkedNow.add(stream);
    await this.resume(stream, undefined, signal);
  }

  /**
   * Tries a parked stream once, from the event that failed up to the newest known. True: the message is dealt with; false: the
   * stream is not parked any more, by somebody else's doing, and the message goes its ordinary way.
   */
  private async resume(
    stream: string,
    message: BusMessage | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { parked, policy } = this.options;
    for (;;) {
      signal.throwIfAborted();
      const row = await parked.load(stream);
      if (row === undefined) {
        this.parkedNow.delete(stream);
        return false;
      }
      // Handled before the stream was parked, and delivered again.
      if (message && message.version < row.version) return true;
      const upTo = Math.max(row.lastVersion, message?.version ?? 0);
      const behind = await this.readBehind(row, upTo);
      if (behind === undefined) return true;
      for (const event of behind) {
        try {
          await this.options.handle(event);
        } catch (error) {
          if (classifyFailure(error) === 'common') throw error;
          await parked.failedAgain(event, upTo, error, parkedBackoffMs(row.attempts + 1, policy));
          this.options.log.warn(
            this.facts(event, { err: error, attempts: row.attempts + 1 }),
            'parked stream failed again',
          );
          return true;
        }
      }
      if (await parked.release(stream, upTo)) {
        this.parkedNow.delete(stream);
        this.succeeded();
        this.options.log.info({ group: this.options.group, stream, version: upTo }, 'parked stream goes on');
        return true;
      }
    }
  }

  /** The events from the one that failed up to a version. Undefined: one of them cannot be read, which was noted. */
  private async readBehind(row: ParkedStream, upTo: number): Promise<BusMessage[] | undefined> {
    const { parked, policy, readStream } = this.options;
    try {
      const events = await readStream(row.stream, row.version - 1);
      return events.filter((event) => event.version <= upTo);
    } catch (error) {
      if (!(error instanceof EventStoreError && error.code === 'unreadable_event')) throw error;
      const at = { stream: row.stream, version: row.version, id: row.eventId, type: row.eventType };
      await parked.failedAgain(at, upTo, error, parkedBackoffMs(row.attempts + 1, policy));
      return undefined;
    }
  }

  private succeeded(): void {
    this.successes += 1;
    this.failedInARow = 0;
  }

  private facts(message: BusMessage, more: object): object {
    const { stream, version, type } = message;
    return { group: this.options.group, stream, version, type, ...more };
  }
}
