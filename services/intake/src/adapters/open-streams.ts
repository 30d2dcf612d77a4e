import type { Principal } from './key-directory.js';

interface OpenStream {
  readonly keyId: string;
  readonly abort: AbortController;
}

export interface OpenStreamsOptions {
  /** Default 2,000. */
  readonly checkMs?: number;
  /** Most streams of one process. */
  readonly limit: number;
  readonly onError?: (error: unknown) => void;
}

/**
 * The streams that a process holds open. Ends those whose key was revoked or expired meanwhile, and all of them when the
 * process stops. One query for all of them, and only while there are any.
 */
export class OpenStreams {
  private readonly streams = new Set<OpenStream>();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private checking: Promise<void> = Promise.resolve();

  constructor(
    private readonly deadKeys: (keyIds: readonly string[]) => Promise<ReadonlySet<string>>,
    private readonly options: OpenStreamsOptions,
  ) {}

  /** Registers a stream; undefined when there are too many. `signal` aborts when it must end; `done` when it has ended by itself. */
  open(principal: Principal): { readonly signal: AbortSignal; readonly done: () => void } | undefined {
    if (this.stopped || this.streams.size >= this.options.limit) return undefined;
    const stream: OpenStream = { keyId: principal.keyId, abort: new AbortController() };
    this.streams.add(stream);
    this.schedule();
    return {
      signal: stream.abort.signal,
      done: () => {
        this.streams.delete(stream);
        stream.abort.abort();
      },
    };
  }

  get count(): number {
    return this.streams.size;
  }

  /** Ends all streams and takes no more. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    for (const stream of this.streams) stream.abort.abort();
    this.streams.clear();
    await this.checking;
  }

  private schedule(): void {
    if (this.timer !== undefined || this.stopped || this.streams.size === 0) return;
    this.timer = setTimeout(() => {
      this.checking = this.check().finally(() => {
        this.timer = undefined;
        this.schedule();
      });
    }, this.options.checkMs ?? 2_000);
  }

  private async check(): Promise<void> {
    const keyIds = [...new Set(Array.from(this.streams, (stream) => stream.keyId))];
    if (keyIds.length === 0) return;
    try {
      const dead = await this.deadKeys(keyIds);
      for (const stream of this.streams) {
        if (!dead.has(stream.keyId)) continue;
        this.streams.delete(stream);
        stream.abort.abort();
      }
    } catch (error) {
      // The database is away: nobody can be judged now; the next check comes.
      this.options.onError?.(error);
    }
  }
}
