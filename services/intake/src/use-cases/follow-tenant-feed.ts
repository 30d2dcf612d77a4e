import type { EventType } from '@darkroom/contract';
import type { Cursor } from '@darkroom/event-store';
import type { FeedAnswer, FeedEvent } from '@darkroom/read-models';
import type { FeedListener } from '../adapters/feed-listener.js';

/** What a follower is told, in order. */
export type FeedNews =
  | { readonly kind: 'event'; readonly event: FeedEvent }
  /** Where a reader stands that has seen everything so far. */
  | { readonly kind: 'place'; readonly cursor: Cursor }
  /** Its cursor was of no use: read the resources again; events go on from here. */
  | { readonly kind: 'resync'; readonly cursor: Cursor }
  /** Nothing to tell for a while; its place moves on all the same. */
  | { readonly kind: 'heartbeat'; readonly cursor: Cursor };

/** What following needs. */
export interface FollowPorts {
  attach(tenant: string): Promise<FeedListener>;
  head(): Promise<Cursor>;
  read(tenant: string, after: Cursor, limit: number): Promise<FeedAnswer>;
}

export interface FollowRequest {
  readonly tenant: string;
  /** A cursor; `latest` for what is new; `lost` where the reader's own cursor was of no use. */
  readonly from: Cursor | 'latest' | 'lost';
  readonly types?: readonly EventType[];
  readonly heartbeatMs: number;
  /** Ends it. */
  readonly signal: AbortSignal;
}

const pageSize = 100;

/**
 * A tenant's events from a place on, then live, until the signal. Ranges of the feed until it is level with the tail, then the
 * tail's pushes. No gap between the two: the listener's queue is emptied before the last range is read, and what is written
 * after that is in the queue. What is in both is dropped by its cursor.
 */
export async function* followTenantFeed(
  ports: FollowPorts,
  request: FollowRequest,
): AsyncGenerator<FeedNews, void> {
  const listener = await ports.attach(request.tenant);
  const end = (): void => listener.close();
  request.signal.addEventListener('abort', end, { once: true });
  if (request.signal.aborted) end();
  const wanted = (event: FeedEvent): boolean => request.types?.includes(event.type) ?? true;
  try {
    const started = await placeOf(ports, request);
    let cursor = started.cursor;
    yield started;
    let told = performance.now();
    for (;;) {
      let level = false;
      while (!level) {
        if (request.signal.aborted) return;
        listener.reset();
        const page = await ports.read(request.tenant, cursor, pageSize);
        if (page.outcome !== 'page') throw new Error(`the feed answered ${page.outcome} to its own cursor`);
        for (const event of page.events) if (wanted(event)) yield { kind: 'event', event };
        cursor = page.cursor;
        level = page.events.length < pageSize;
      }
      for (;;) {
        const woken = await listener.next(request.heartbeatMs);
        if (woken === 'closed') return;
        if (woken === 'overflow') break;
        if (woken === 'timeout') {
          told = performance.now();
          yield { kind: 'heartbeat', cursor };
        }
        for (const event of listener.take()) {
          if (event.cursor <= cursor) continue;
          cursor = event.cursor;
          if (!wanted(event)) continue;
          told = performance.now();
          yield { kind: 'event', event };
        }
        // Events that this reader does not want keep it awake, but its connection needs a sign of life too.
        if (performance.now() - told >= request.heartbeatMs) {
          told = performance.now();
          yield { kind: 'heartbeat', cursor };
        }
      }
    }
  } finally {
    request.signal.removeEventListener('abort', end);
    listener.close();
  }
}

async function placeOf(
  ports: FollowPorts,
  request: FollowRequest,
): Promise<Extract<FeedNews, { kind: 'place' | 'resync' }>> {
  const { from } = request;
  if (from === 'latest') return { kind: 'place', cursor: await ports.head() };
  if (from === 'lost') return { kind: 'resync', cursor: await ports.head() };
  const answer = await ports.read(request.tenant, from, 1);
  return answer.outcome === 'page'
    ? { kind: 'place', cursor: from }
    : { kind: 'resync', cursor: await ports.head() };
}
