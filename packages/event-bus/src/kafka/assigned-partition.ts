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
  private startedAt: bigint | undefined;
  private readonly writtenAt = new Map<Taken<bigint>, number>();
  /** The offset that its next record will have, as the broker last told. */
  end: bigint | undefined;
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
    this.startedAt = offset;
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

  /** @param writtenAt when the record was written, in milliseconds since the epoch */
  take(offset: bigint, writtenAt: number): Taken<bigint> {
    this.next = offset + 1n;
    this.open += 1;
    const entry = this.taken.take(offset);
    this.writtenAt.set(entry, writtenAt);
    return entry;
  }

  /** Records up to its end, as it is known, that are not done in order. */
  get behind(): number {
    const reached = this.taken.mark === undefined ? this.startedAt : this.taken.mark + 1n;
    if (reached === undefined || this.end === undefined) return 0;
    return Math.max(0, Number(this.end - reached));
  }

  /** When the oldest record was written that was taken and is not done. */
  get oldestOpen(): number | undefined {
    return this.writtenAt.size === 0 ? undefined : Math.min(...this.writtenAt.values());
  }

  finish(entry: Taken<bigint>): void {
    entry.done = true;
    this.writtenAt.delete(entry);
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
