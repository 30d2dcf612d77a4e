import type { Cursor } from '@darkroom/event-store';
import type { FeedEvent, FeedPlace } from '@darkroom/read-models';
import { FeedListener } from './feed-listener.js';

/** What the tail needs of the feed. */
export interface FeedSource {
  /** How far the feed reaches now. */
  head(): Promise<Cursor>;
  /** What came after each tenant's own place; at most `limitEach` a tenant, in order. */
  after(places: readonly FeedPlace[], limitEach: number): Promise<readonly FeedEvent[]>;
  /** A hint that something was appended. Returns its own undoing. */
  onAppended(listener: () => void): () => void;
}

export interface FeedTailOptions {
  readonly onError?: (error: unknown) => void;
  /** Between two looks while things happen. Default 50. */
  readonly busyPollMs?: number;
  /** Between two looks while nothing happens: hints come sooner. Default 1,000. */
  readonly idlePollMs?: number;
  /** Events that one reader may be behind before it must read the feed itself. Default 256. */
  readonly queueLimit?: number;
}

interface Channel {
  after: Cursor;
  readonly listeners: Set<FeedListener>;
}

const pageSize = 500;
/** A hint comes at the append; the projection writes the feed a moment later. */
const busyForMs = 2_000;

/**
 * The one tail of a process: one query for all tenants that somebody listens to, fanned out in memory. Looks at nothing
 * while nobody listens.
 */
export class FeedTail {
  private readonly channels = new Map<string, Channel>();
  private readonly forgetHints: () => void;
  private busyUntil = 0;
  private stopped = false;
  private wake: (() => void) | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly source: FeedSource,
    private readonly options: FeedTailOptions = {},
  ) {
    this.forgetHints = source.onAppended(() => {
      this.busyUntil = performance.now() + busyForMs;
      this.wake?.();
    });
  }

  /** Listens to a tenant's feed: everything that is written to it after this returned will be pushed. */
  async attach(tenant: string): Promise<FeedListener> {
    const listener = new FeedListener(this.options.queueLimit ?? 256, (gone) => this.detach(tenant, gone));
    if (!this.channels.has(tenant)) {
      const after = await this.source.head();
      // Another reader may have opened the channel meanwhile.
      if (!this.channels.has(tenant)) this.channels.set(tenant, { after, listeners: new Set() });
    }
    this.channels.get(tenant)?.listeners.add(listener);
    if (this.stopped) listener.close();
    else this.running ??= this.run();
    return listener;
  }

  /** How many listen now. */
  get listening(): number {
    let count = 0;
    for (const channel of this.channels.values()) count += channel.listeners.size;
    return count;
  }

  /** Closes every listener and waits for the look that is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.forgetHints();
    for (const channel of this.channels.values()) for (const listener of channel.listeners) listener.close();
    this.wake?.();
    await this.running;
  }

  private detach(tenant: string, listener: FeedListener): void {
    const channel = this.channels.get(tenant);
    channel?.listeners.delete(listener);
    if (channel?.listeners.size === 0) this.channels.delete(tenant);
    if (this.channels.size === 0) this.wake?.();
  }

  private async run(): Promise<void> {
    while (!this.stopped && this.channels.size > 0) {
      const full = await this.look();
      if (!full) await this.pause();
    }
    this.running = undefined;
    // Someone may have attached between the check and here.
    if (!this.stopped && this.channels.size > 0) this.running = this.run();
  }

  /** @returns whether there may be more at once */
  private async look(): Promise<boolean> {
    const places = [...this.channels].map(([tenant, channel]) => ({ tenant, after: channel.after }));
    try {
      const events = await this.source.after(places, pageSize);
      for (const event of events) this.fanOut(event);
      if (events.length > 0) this.busyUntil = performance.now() + busyForMs;
      return events.length >= pageSize;
    } catch (error) {
      this.options.onError?.(error);
      return false;
    }
  }

  private fanOut(event: FeedEvent): void {
    const channel = this.channels.get(event.tenant);
    // A channel that was opened while the query ran starts later than the query's place.
    if (!channel || event.cursor <= channel.after) return;
    channel.after = event.cursor;
    for (const listener of channel.listeners) listener.push(event);
  }

  private async pause(): Promise<void> {
    if (this.stopped) return;
    const busy = performance.now() < this.busyUntil;
    const ms = busy ? (this.options.busyPollMs ?? 50) : (this.options.idlePollMs ?? 1_000);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      // While busy, hints come in crowds: the short pause bounds the looks.
      if (!busy) {
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }
    });
    this.wake = undefined;
  }
}
