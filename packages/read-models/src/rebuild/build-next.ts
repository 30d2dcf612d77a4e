import type { Cursor, EventStore, RecordedEvent, StreamsPage } from '@darkroom/event-store';
import type postgres from 'postgres';
import { foldDetail, isUnfoldable } from '../detail/fold-detail.js';
import { rowOf } from '../detail/project-detail.js';
import { feedRows } from '../feed/project-feed.js';
import { copyRows, type CopyValue } from './copy-rows.js';
import { tableOf } from '../model-tables.js';

/** What building reads and writes. */
export interface BuildPorts {
  readonly sql: postgres.Sql;
  readonly store: Pick<EventStore, 'readByStream'>;
  /** Told now and then. */
  readonly progress: (done: Progress) => Promise<void>;
  readonly signal: AbortSignal;
}

/** How far it is: events read, and streams that hold an event that cannot be folded or read. */
export interface Progress {
  readonly events: number;
  readonly skipped: number;
}

const eventsAtOnce = 5_000;
const detailColumns = [
  'id',
  'tenant',
  'version',
  'run',
  'created_at',
  'status',
  'model',
  'open_questions',
  'paid_orphans',
  'spent_micros',
  'state',
  'prompt',
  'metadata',
  'erased',
  'traceparent',
] as const;
const feedColumns = [
  'tenant',
  'cursor',
  'event',
  'generation',
  'version',
  'type',
  'data',
  'recorded_at',
] as const;

/**
 * Fills the tables beside the live ones from the whole log: each stream is read and folded once and its row written once, by COPY,
 * page by page in short transactions. The feed gets what lies at or before `upTo`, where the live one stood; what comes later is
 * caught up with in the order of the log.
 */
export async function buildNext(
  { sql, store, progress, signal }: BuildPorts,
  upTo: Cursor,
): Promise<Progress> {
  let done: Progress = { events: 0, skipped: 0 };
  let writing: Promise<unknown> = Promise.resolve();
  let reading = store.readByStream({ after: null, limit: eventsAtOnce });
  for (;;) {
    signal.throwIfAborted();
    const page = await reading;
    // Read on while this page is folded and written. Told here, so that what comes of it is never unhandled.
    if (page.next !== null) reading = store.readByStream({ after: page.next, limit: eventsAtOnce });
    reading.catch(() => undefined);
    const { rows, images, skipped } = fold(page);
    const feed = feedRows(page.events.filter(({ cursor }) => cursor <= upTo));
    await writing;
    writing = Promise.all([
      copyRows(sql, tableOf('detail_v1', 'next'), detailColumns, rows),
      copyRows(sql, tableOf('artifact_v1', 'next'), ['id', 'generation'], images),
      copyRows(
        sql,
        tableOf('feed_v1', 'next'),
        feedColumns,
        feed.map((row) => feedColumns.map((column) => row[column])),
      ),
    ]);
    // Awaited with the next page.
    writing.catch(() => undefined);
    done = { events: done.events + page.events.length, skipped: done.skipped + skipped };
    await progress(done);
    if (page.next === null) break;
  }
  await writing;
  return done;
}

interface Folded {
  readonly rows: CopyValue[][];
  readonly images: CopyValue[][];
  readonly skipped: number;
}

function fold({ events, unreadable }: StreamsPage): Folded {
  const rows: CopyValue[][] = [];
  const images: CopyValue[][] = [];
  const skipped = new Set(unreadable.map((event) => event.stream));
  for (const [id, stream] of streamsOf(events)) {
    try {
      const detail = foldDetail(undefined, stream);
      if (detail === undefined) continue;
      const row = rowOf(detail);
      rows.push(detailColumns.map((column) => row[column]));
      for (const image of row.artifacts) images.push([image, row.id]);
    } catch (error) {
      if (!isUnfoldable(error)) throw error;
      // The live consumer has parked it, and says why.
      skipped.add(id);
    }
  }
  return { rows, images, skipped: skipped.size };
}

function streamsOf(events: readonly RecordedEvent[]): ReadonlyMap<string, readonly RecordedEvent[]> {
  const streams = new Map<string, RecordedEvent[]>();
  for (const event of events) {
    const stream = streams.get(event.stream);
    if (stream) stream.push(event);
    else streams.set(event.stream, [event]);
  }
  return streams;
}
