import { LowWater, type Taken } from '../low-water.js';
import type { Place } from './group-member.js';

/**
 * A partition while this member has it: what was taken of it, and up to where all is done. Lost with the assignment: what of it has not
 * started then is left for its next owner.
 */
export class AssignedPartition {
  private readonly taken = new LowWater<bigint>();
  private readonly lost = new AbortController();
  private next: bigint | undefined;
  private committed: bigint | undefined;
  /** Taken and not done. */
  open = 0;
  paused = true;

  /** Aborts when no more of it may be started: it is no longer this member's, or its tenure takes no more. */
  readonly signal: AbortSignal;

  constructor(
    readonly place: Place,
    tenureOver: AbortSignal,
  ) {
    this.signal = AbortSignal.any([this.lost.signal, tenureOver]);
  }

  /** Takes records from this offset on. */
  startAt(offset: bigint): void {
    this.next = offset;
    this.committed = offset;
  }

  /** Whether it knows where to start. */
  get isReady(): boolean {
    return this.next !== undefined;
  }

  /** Whether a record is not taken yet: after a rebalance it is fetched again from what was committed. */
  isNew(offset: bigint): boolean {
    return this.next !== undefined && offset >= this.next;
  }

  /** The partition ends before what was taken of it: it is another than before. */
  endsBefore(highWatermark: bigint): boolean {
    return this.next !== undefined && highWatermark < this.next;
  }

  take(offset: bigint): Taken<bigint> {
    this.next = offset + 1n;
    this.open += 1;
    return this.taken.take(offset);
  }

  finish(entry: Taken<bigint>): void {
    entry.done = true;
    this.open -= 1;
    this.taken.sweep();
  }

  /** What to commit: the offset after the low-water mark. Undefined: nothing new. */
  get uncommitted(): bigint | undefined {
    const { mark } = this.taken;
    if (mark === undefined || this.lost.signal.aborted) return undefined;
    const offset = mark + 1n;
    return offset === this.committed ? undefined : offset;
  }

  noteCommitted(offset: bigint): void {
    this.committed = offset;
  }

  lose(): void {
    this.lost.abort(new Error('the partition is no longer this member’s'));
  }
}
