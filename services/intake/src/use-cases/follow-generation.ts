import type { RecordedEvent } from '@darkroom/event-store';
import type { FeedListener } from '../adapters/feed-listener.js';

export type GenerationNews =
  { readonly kind: 'event'; readonly event: RecordedEvent } | { readonly kind: 'heartbeat' };

/** What following one generation needs. */
export interface FollowGenerationPorts {
  attach(): Promise<FeedListener>;
  /** Its events after a version, in order. */
  read(after: number): Promise<readonly RecordedEvent[]>;
}

const finalTypes = new Set<string>(['GenerationCompleted', 'GenerationFailed', 'GenerationCanceled']);
const reopening = new Set<string>(['RetryOrdered', 'OrphanAdopted']);

/**
 * A generation's events from a version on, until the one that ends its run. The tenant's feed only says when to look; what
 * is told comes from the stream itself, which is never behind.
 */
export async function* followGeneration(
  ports: FollowGenerationPorts,
  request: {
    readonly generation: string;
    readonly after: number;
    readonly heartbeatMs: number;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<GenerationNews, void> {
  const listener = await ports.attach();
  const end = (): void => listener.close();
  request.signal.addEventListener('abort', end, { once: true });
  if (request.signal.aborted) end();
  try {
    // A reader that resumes after the end must not wait for ever: the end is judged on the whole stream.
    const past = request.after > 0 ? await ports.read(0) : [];
    let after = request.after;
    let ended = isEnded(
      past.filter((event) => event.version <= after),
      false,
    );
    for (;;) {
      listener.reset();
      for (const event of await ports.read(after)) {
        yield { kind: 'event', event };
        after = event.version;
        ended = isEnded([event], ended);
      }
      if (ended) return;
      const silentSince = performance.now();
      let look = false;
      while (!look) {
        const woken = await listener.next(request.heartbeatMs);
        if (woken === 'closed') return;
        // Other generations of the tenant wake it too.
        look =
          woken === 'overflow' || listener.take().some((event) => event.generation === request.generation);
        if (look || performance.now() - silentSince < request.heartbeatMs) continue;
        yield { kind: 'heartbeat' };
        // And a look, should the feed stand still.
        look = true;
      }
    }
  } finally {
    request.signal.removeEventListener('abort', end);
    listener.close();
  }
}

function isEnded(events: readonly RecordedEvent[], before: boolean): boolean {
  let ended = before;
  for (const { type } of events) {
    if (finalTypes.has(type)) ended = true;
    else if (reopening.has(type)) ended = false;
  }
  return ended;
}
