import { type DetailProjectionPorts, projectDetail, rowVersions } from './project-detail.js';

interface Waiting {
  version: number;
  readonly callers: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[];
}

const mostAtOnce = 128;
const rememberedStreams = 50_000;

/**
 * Gathers what concurrent handlers want projected while one batch is being written, and writes it as the next: the busier, the
 * larger the batch; idle, no delay. Several events of one stream cost one fold.
 */
export class DetailProjection {
  private waiting = new Map<string, Waiting>();
  /** Versions that rows are known to reflect, so that the later events of a fold cost nothing. */
  private readonly reflected = new Map<string, number>();
  private writing: Promise<void> | undefined;

  constructor(private readonly ports: DetailProjectionPorts) {}

  /** Resolves once the stream's row reflects at least this version. */
  project(stream: string, version: number): Promise<void> {
    if ((this.reflected.get(stream) ?? 0) >= version) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const entry = this.waiting.get(stream) ?? { version, callers: [] };
      entry.version = Math.max(entry.version, version);
      entry.callers.push({ resolve, reject });
      this.waiting.set(stream, entry);
      this.writing ??= this.writeAll();
    });
  }

  /** The rows were replaced: what is known of them is known no more. */
  forget(): void {
    this.reflected.clear();
  }

  /** Brings rows up to these events where they are behind. @returns how many were */
  async assure(events: readonly { readonly stream: string; readonly version: number }[]): Promise<number> {
    const newest = new Map<string, number>();
    for (const { stream, version } of events) newest.set(stream, Math.max(version, newest.get(stream) ?? 0));
    const versions = await rowVersions(this.ports.sql, [...newest.keys()]);
    const behind = [...newest].filter(([stream, version]) => (versions.get(stream) ?? 0) < version);
    // The rows are the word that counts: another process may have replaced them.
    for (const [stream] of behind) this.reflected.delete(stream);
    // One that cannot be folded is parked by its own message: it holds nobody up here.
    const outcomes = await Promise.allSettled(
      behind.map(([stream, version]) => this.project(stream, version)),
    );
    return outcomes.filter(({ status }) => status === 'fulfilled').length;
  }

  private async writeAll(): Promise<void> {
    try {
      while (this.waiting.size > 0) {
        const batch = new Map([...this.waiting].slice(0, mostAtOnce));
        for (const stream of batch.keys()) this.waiting.delete(stream);
        await this.write(batch);
      }
    } finally {
      this.writing = undefined;
    }
  }

  private async write(batch: ReadonlyMap<string, Waiting>): Promise<void> {
    try {
      const { versions, failed } = await projectDetail(this.ports, [...batch.keys()]);
      for (const { id, error } of failed) reject(batch.get(id), error);
      for (const [stream, version] of versions) this.settle(stream, version, batch.get(stream));
      const answered = new Set([...versions.keys(), ...failed.map(({ id }) => id)]);
      for (const [stream, entry] of batch)
        if (!answered.has(stream)) reject(entry, new StreamNotThere(stream));
    } catch (error) {
      // One row that the database refuses must not take the others of its batch with it.
      if (batch.size === 1 || isConnectionTrouble(error))
        for (const entry of batch.values()) reject(entry, error);
      else for (const [stream, entry] of batch) await this.write(new Map([[stream, entry]]));
    }
  }

  private settle(stream: string, version: number, entry: Waiting | undefined): void {
    this.remember(stream, version);
    if (entry && version < entry.version) reject(entry, new StreamNotThere(stream));
    else for (const caller of entry?.callers ?? []) caller.resolve();
  }

  private remember(stream: string, version: number): void {
    this.reflected.delete(stream);
    this.reflected.set(stream, version);
    if (this.reflected.size <= rememberedStreams) return;
    const oldest = this.reflected.keys().next();
    if (!oldest.done) this.reflected.delete(oldest.value);
  }
}

/** A message named an event that the store does not show. */
class StreamNotThere extends Error {
  override readonly name = 'StreamNotThere';
  constructor(stream: string) {
    super(`the store does not show the announced events of stream ${stream}`);
  }
}

function reject(entry: Waiting | undefined, error: unknown): void {
  for (const caller of entry?.callers ?? []) caller.reject(error);
}

function isConnectionTrouble(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return /^(CONN|ECONN|EPIPE|ETIMEDOUT|08|53|57|3D|42)/.test(code);
}
