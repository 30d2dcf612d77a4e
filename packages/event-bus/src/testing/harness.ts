import type { EventType } from '@darkroom/contract';
import type { BusMessage } from '../message.js';
import type { ParkedStream } from '../parked-streams.js';
import type { ConsumerHealth } from '../port.js';
import type { RedeliveryPolicy } from '../redelivery.js';

/** What a case asks of a consumer. */
export interface ConsumeRequest {
  readonly group: string;
  readonly handle: (message: BusMessage) => Promise<void>;
  /** Default: the types that the cases write. */
  readonly types?: readonly EventType[];
  readonly concurrency?: number;
  readonly capacity?: number;
  readonly policy?: Partial<RedeliveryPolicy>;
}

export interface RunningConsumer {
  health(): ConsumerHealth;
  /** Orderly. */
  stop(): Promise<void>;
  /** As if its process had died: no checkpoint written, no lease handed back. */
  vanish(): Promise<void>;
}

/** What an adapter brings so that the cases can be run on it. Everything consumed was appended to the event store before. */
export interface BusHarness {
  /** Appends one event to a stream and returns its version. The first of a stream is a GenerationRequested whatever is asked. */
  append(stream: string, type?: 'ProgressReported' | 'CancellationRequested'): Promise<number>;
  /** Starts a member of a group through the adapter's Nest transport. */
  consume(request: ConsumeRequest): Promise<RunningConsumer>;
  parked(group: string): Promise<ParkedStream[]>;
  /** Makes the group read everything again: a checkpoint that was lost, offsets set back. No member runs. */
  rewind(group: string): Promise<void>;
  /** Moves the guard of a handler forward, in a transaction with nothing else. False: it has had this version. */
  guard(group: string, stream: string, version: number): Promise<boolean>;
  /** Lets the group's parked streams be tried now. */
  replay(group: string): Promise<number>;
  /** The traceparent that every appended event carries. */
  readonly traceparent: string;
}

/** Waits on a condition, never longer than the bound. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  boundMs = 45_000,
): Promise<void> {
  const end = performance.now() + boundMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${boundMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
