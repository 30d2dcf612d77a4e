/** Something taken from a log at a position, done or not. */
export interface Taken<P> {
  readonly position: P | undefined;
  done: boolean;
}

/**
 * The contiguous low-water mark of a log: the last position up to which everything taken is done, in the order in which it was taken.
 */
export class LowWater<P> {
  private order: Taken<P>[] = [];
  private head = 0;
  private reached: P | undefined;

  /** Notes an entry. Positions are taken in log order. */
  take(position: P): Taken<P> {
    const entry: Taken<P> = { position, done: false };
    this.order.push(entry);
    return entry;
  }

  /** Undefined while nothing is. */
  get mark(): P | undefined {
    return this.reached;
  }

  /** To be called when entries are done. */
  sweep(): void {
    while (this.order[this.head]?.done === true) {
      this.reached = this.order[this.head]?.position;
      this.head += 1;
    }
    if (this.head > 1024) {
      this.order = this.order.slice(this.head);
      this.head = 0;
    }
  }
}
