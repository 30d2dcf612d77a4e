import type { FeedEvent } from '@darkroom/read-models';

/** What a listener was woken by. `closed`: the process is stopping, or the listener was let go. */
export type Wake = 'events' | 'overflow' | 'timeout' | 'closed';

/**
 * One reader's place at the tail: a bounded queue. When it is full the queue is thrown away and the listener says `overflow`;
 * its reader then goes back to the feed itself and reads on from its own cursor, so that a slow reader costs no memory and loses nothing.
 */
export class FeedListener {
  private queue: FeedEvent[] = [];
  private overflowed = false;
  private closed = false;
  private wake: (() => void) | undefined;

  constructor(
    private readonly limit: number,
    private readonly onDetach: (listener: FeedListener) => void,
  ) {}

  /** Called by the tail, in the order of the feed. */
  push(event: FeedEvent): void {
    if (this.overflowed || this.closed) return;
    if (this.queue.length >= this.limit) {
      this.queue = [];
      this.overflowed = true;
    } else {
      this.queue.push(event);
    }
    this.wake?.();
  }

  /** Forgets what is queued and starts queueing afresh: what comes from now on is kept, what came before is the reader's to read. */
  reset(): void {
    this.queue = [];
    this.overflowed = false;
  }

  /** Hands out what is queued. */
  take(): FeedEvent[] {
    const events = this.queue;
    this.queue = [];
    return events;
  }

  /** Waits for something to happen, at most so long. */
  async next(timeoutMs: number): Promise<Wake> {
    const now = this.present();
    if (now !== undefined) return now;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
    return this.present() ?? 'timeout';
  }

  /** Lets go of the tail; a reader that waits is woken with `closed`. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.queue = [];
    this.onDetach(this);
    this.wake?.();
  }

  private present(): Wake | undefined {
    if (this.closed) return 'closed';
    if (this.overflowed) return 'overflow';
    return this.queue.length > 0 ? 'events' : undefined;
  }
}
