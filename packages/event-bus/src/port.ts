import type { Lag } from '@darkroom/platform';
import type { BusMessage } from './message.js';

/** Handles one message: done when it resolves. Handlers are level-triggered, so that a message may come twice. */
export type HandleMessage = (message: BusMessage) => Promise<void>;

/**
 * `standby`: another member of the group holds the lease. `waiting`: nothing can be consumed now (the database is away, or a
 * common cause stopped the consumer) and it will be tried again by itself.
 */
export type ConsumerState = 'starting' | 'consuming' | 'standby' | 'waiting' | 'stopped';

/** What readiness and metrics ask of a consumer. Liveness = progress: `lastProgressAt` moves with every look at the log. */
export interface ConsumerHealth {
  readonly group: string;
  readonly state: ConsumerState;
  readonly pending: number;
  readonly parkedStreams: number;
  readonly lastProgressAt: Date | undefined;
  readonly lastError: unknown;
  /**
   * What this member has not done of what it has; null while it cannot know. Undefined where the log itself tells it of the whole group.
   */
  readonly lag: Lag | null | undefined;
}

/** A running consumer of one group, whatever carries its messages. */
export interface Consumer {
  health(): ConsumerHealth;
  /** Finishes what runs, writes the checkpoint, leaves the group. */
  stop(): Promise<void>;
}

/** Where the bus writes its own log lines; pino fits. */
export interface BusLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** For who wants none. */
export const silentLog: BusLog = { info: () => undefined, warn: () => undefined, error: () => undefined };
