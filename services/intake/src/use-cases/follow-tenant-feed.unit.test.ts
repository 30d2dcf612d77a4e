import { type Cursor, cursorOf, origin } from '@darkroom/event-store';
import type { FeedEvent } from '@darkroom/read-models';
import { FeedListener } from '../adapters/feed-listener.js';
import {
  type FeedNews,
  type FollowPorts,
  type FollowRequest,
  followTenantFeed,
} from './follow-tenant-feed.js';

const at = (position: number): Cursor => cursorOf({ tx: 1n, position: BigInt(position) });
const event = (position: number, type = 'SubmissionStarted'): FeedEvent =>
  ({ tenant: 'a', cursor: at(position), type, version: position }) as FeedEvent;

/** A feed whose writes can happen in the middle of a read: what races there are. */
class Feed {
  readonly written: FeedEvent[] = [];
  readonly listener = new FeedListener(4, () => undefined);
  /** Called within each read, with its number. */
  duringRead: (read: number) => void = () => undefined;
  private reads = 0;

  write(...events: FeedEvent[]): void {
    for (const each of events) {
      this.written.push(each);
      this.listener.push(each);
    }
  }

  readonly ports: FollowPorts = {
    attach: () => Promise.resolve(this.listener),
    head: () => Promise.resolve(this.written.at(-1)?.cursor ?? origin),
    read: (_tenant, after, limit) => {
      this.reads += 1;
      this.duringRead(this.reads);
      const events = this.written.filter((each) => each.cursor > after).slice(0, limit);
      if (after > (this.written.at(-1)?.cursor ?? origin)) return Promise.resolve({ outcome: 'ahead' });
      return Promise.resolve({ outcome: 'page', events, cursor: events.at(-1)?.cursor ?? after });
    },
  };

  /** Follows until so many news came. */
  async follow(count: number, request: Partial<FollowRequest> = {}): Promise<FeedNews[]> {
    const abort = new AbortController();
    const news: FeedNews[] = [];
    const followed = followTenantFeed(this.ports, {
      tenant: 'a',
      from: origin,
      heartbeatMs: 10_000,
      signal: abort.signal,
      ...request,
    });
    for await (const item of followed) {
      news.push(item);
      if (news.length === count) break;
    }
    abort.abort();
    return news;
  }
}

const versions = (news: readonly FeedNews[]): number[] =>
  news.flatMap((item) => (item.kind === 'event' ? [item.event.version] : []));

it('tells once what is both in the range and in the queue', async () => {
  const feed = new Feed();
  feed.write(event(1));
  // The first read finds the place, the second is the range.
  feed.duringRead = (read) => {
    if (read === 2) feed.write(event(2));
  };
  const following = feed.follow(4);
  await new Promise((resolve) => setImmediate(resolve));
  feed.write(event(3));
  expect(versions(await following)).toEqual([1, 2, 3]);
});

it('reads on from its own place after its queue ran over', async () => {
  const feed = new Feed();
  const following = feed.follow(10);
  await new Promise((resolve) => setImmediate(resolve));
  feed.write(...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((position) => event(position)));
  expect(versions(await following)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

it('tells the wanted types alone, and still gives signs of life', async () => {
  const feed = new Feed();
  feed.write(event(1), event(2, 'GenerationCompleted'));
  const news = await feed.follow(3, { types: ['GenerationCompleted'], heartbeatMs: 5 });
  expect(news.map(({ kind }) => kind)).toEqual(['place', 'event', 'heartbeat']);
  expect(news.at(-1)).toMatchObject({ cursor: at(2) });
});

it('starts with what is new, or with a resync where the cursor is of no use', async () => {
  const feed = new Feed();
  feed.write(event(1));
  expect(await feed.follow(1, { from: 'latest' })).toEqual([{ kind: 'place', cursor: at(1) }]);
  const other = new Feed();
  other.write(event(1));
  expect(await other.follow(1, { from: at(99) })).toEqual([{ kind: 'resync', cursor: at(1) }]);
});

it('ends with its signal', async () => {
  const abort = new AbortController();
  const feed = new Feed();
  const following = feed.follow(99, { signal: abort.signal });
  await new Promise((resolve) => setImmediate(resolve));
  abort.abort();
  expect(versions(await following)).toEqual([]);
});
