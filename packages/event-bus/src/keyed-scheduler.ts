import { LowWater, type Taken } from './low-water.js';

/** What a scheduler is made of. */
export interface KeyedSchedulerOptions {
  /** Keys worked on at once. */
  readonly concurrency: number;
  /** Entries taken but not finished at which `room` makes the reader wait: the bound on memory. */
  readonly capacity: number;
  /** Called once when work rejected. */
  readonly onHalt?: () => void;
}

interface Task<P> {
  readonly entry: Taken<P>;
  readonly run: () => Promise<void>;
}

/**
 * Runs work in order per key and concurrently across keys; never one key twice at once.
 * Knows the contiguous low-water mark: the last position up to which everything is done, in the order in which it was added.
 *
 * Work that rejects halts the scheduler: nothing new starts and the mark stays before that entry.
 */
export class KeyedScheduler<P> {
  private readonly waiting = new Map<string, Task<P>[]>();
  private readonly ready: string[] = [];
  private readonly runningKeys = new Set<string>();
  private readonly taken = new LowWater<P>();
  private open = 0;
  private closed = false;
  private listeners: (() => void)[] = [];
  private failure: { readonly error: unknown } | undefined;

  constructor(private readonly options: KeyedSchedulerOptions) {}

  /** Queues work behind all earlier work of its key. Positions are added in log order. */
  add(key: string, position: P, run: () => Promise<void>): void {
    this.enqueue(key, { entry: this.taken.take(position), run });
  }

  /** Queues work behind all earlier work of its key that stands at no position of this log: a timed retry. */
  addUntracked(key: string, run: () => Promise<void>): void {
    this.enqueue(key, { entry: { position: undefined, done: false }, run });
  }

  /** Notes that the log was read up to here; reached by the low-water mark once all before it is done. */
  reach(position: P): void {
    this.taken.take(position).done = true;
    this.taken.sweep();
  }

  /** The last position up to which everything is done; undefined while nothing is. */
  get lowWater(): P | undefined {
    return this.taken.mark;
  }

  /** Whether work of this key waits or runs. */
  isBusy(key: string): boolean {
    return this.waiting.has(key) || this.runningKeys.has(key);
  }

  /** Entries taken and not finished. */
  get pending(): number {
    return this.open;
  }

  /** The error that halted it. */
  get halted(): { readonly error: unknown } | undefined {
    return this.failure;
  }

  /** Resolves at the next finished entry, or at once when halted or closed. */
  progress(): Promise<void> {
    if (this.closed || this.failure) return Promise.resolve();
    return new Promise((resolve) => this.listeners.push(resolve));
  }

  /** Resolves when another entry may be added: the reader's back-pressure. */
  async room(): Promise<void> {
    while (this.open >= this.options.capacity && !this.closed && !this.failure) await this.progress();
  }

  /** Resolves when nothing is queued or running. */
  async idle(): Promise<void> {
    while (this.open > 0 && !this.closed && !this.failure) await this.progress();
  }

  /**
   * Forgets what has not started, and the error that halted it. What runs goes on, and nothing of its key starts before its end. The low-water
   * mark stays before what was forgotten.
   */
  restart(): void {
    this.waiting.clear();
    this.ready.length = 0;
    this.open = this.runningKeys.size;
    this.failure = undefined;
    this.notify();
  }

  /** Forgets what has not started and waits for what runs. The mark moves on for what still finishes. */
  async close(): Promise<void> {
    this.closed = true;
    this.waiting.clear();
    this.ready.length = 0;
    this.notify();
    while (this.runningKeys.size > 0) await new Promise<void>((resolve) => this.listeners.push(resolve));
  }

  private enqueue(key: string, task: Task<P>): void {
    if (this.closed || this.failure) return;
    this.open += 1;
    const queue = this.waiting.get(key);
    if (queue) queue.push(task);
    else {
      this.waiting.set(key, [task]);
      if (!this.runningKeys.has(key)) this.ready.push(key);
    }
    this.start();
  }

  private start(): void {
    while (!this.closed && !this.failure && this.runningKeys.size < this.options.concurrency) {
      const key = this.ready.shift();
      if (key === undefined) return;
      const queue = this.waiting.get(key);
      const task = queue?.shift();
      if (!queue || !task) continue;
      if (queue.length === 0) this.waiting.delete(key);
      this.runningKeys.add(key);
      void this.run(key, task);
    }
  }

  private async run(key: string, task: Task<P>): Promise<void> {
    try {
      await task.run();
      task.entry.done = true;
    } catch (error) {
      if (!this.failure) {
        this.failure = { error };
        this.options.onHalt?.();
      }
    } finally {
      this.open -= 1;
      this.runningKeys.delete(key);
      // A key that has more work goes to the end of the line: one busy stream starves nobody.
      if (this.waiting.has(key)) this.ready.push(key);
      this.taken.sweep();
      this.start();
      this.notify();
    }
  }

  private notify(): void {
    const listeners = this.listeners;
    this.listeners = [];
    for (const listener of listeners) listener();
  }
}
