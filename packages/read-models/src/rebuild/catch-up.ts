import type { Cursor, EventStore, RecordedEvent } from '@darkroom/event-store';
import type postgres from 'postgres';
import { isUnfoldable } from '../detail/fold-detail.js';
import { projectDetail } from '../detail/project-detail.js';
import { projectFeed } from '../feed/project-feed.js';

const eventsAtOnce = 1_000;

/** Events of the log after a place, as far as readers are shown it now; `all` is false where there are more than fit. */
export async function eventsAfter(
  store: Pick<EventStore, 'readAll'>,
  after: Cursor,
  upTo?: Cursor,
): Promise<{ readonly events: RecordedEvent[]; readonly cursor: Cursor; readonly all: boolean }> {
  const events: RecordedEvent[] = [];
  let cursor = after;
  for (;;) {
    const page = await store.readAll({ after: cursor, limit: eventsAtOnce });
    const wanted = upTo === undefined ? page.events : page.events.filter((event) => event.cursor <= upTo);
    events.push(...wanted);
    const end = upTo !== undefined && page.cursor > upTo ? upTo : page.cursor;
    if (end === cursor || wanted.length < page.events.length)
      return { events, cursor: end > cursor ? end : cursor, all: true };
    cursor = end;
    if (events.length >= 10 * eventsAtOnce) return { events, cursor, all: false };
  }
}

/** Brings the tables beside the live ones up to these events. Streams that cannot be folded are left out, as in the live model. */
export async function projectNext(
  sql: postgres.Sql | postgres.TransactionSql,
  store: Pick<EventStore, 'readStream'>,
  events: readonly RecordedEvent[],
): Promise<void> {
  const streams = [...new Set(events.map(({ stream }) => stream))];
  for (let start = 0; start < streams.length; start += 128) {
    const { failed } = await projectDetail({ sql, store, tables: 'next' }, streams.slice(start, start + 128));
    const other = failed.find(({ error }) => !isUnfoldable(error));
    if (other !== undefined) throw other.error;
  }
}

/** The same for the feed. */
export async function feedNext(tx: postgres.TransactionSql, events: readonly RecordedEvent[]): Promise<void> {
  for (let start = 0; start < events.length; start += 1_000)
    await projectFeed(tx, events.slice(start, start + 1_000), 'next');
}
