import type { Cursor, EventStore } from '@darkroom/event-store';
import type postgres from 'postgres';
import { feedSubscription } from '../feed/project-feed.js';
import { buildNext, type Progress } from './build-next.js';
import { eventsAfter, feedNext, projectNext } from './catch-up.js';

/** What a rebuild works with. */
export interface RebuildPorts {
  readonly sql: postgres.Sql;
  readonly store: Pick<EventStore, 'readAll' | 'readByStream' | 'readStream' | 'checkpoints' | 'origin'>;
  readonly progress: (state: 'building' | 'catching_up', done: Progress) => Promise<void>;
  readonly signal: AbortSignal;
  /** Whether the rebuild is still this process's, asked in the switch's own transaction, which keeps it so until its end. */
  readonly holds: (tx: postgres.TransactionSql) => Promise<boolean>;
}

/** So close to the end of the log that what is left fits into the transaction of the switch. */
const fewEvents = 200;
const lockTimeoutMs = 2_000;
const mostSwitches = 30;

interface Reached {
  readonly detail: Cursor;
  readonly feed: Cursor;
}

/**
 * Builds the read models anew beside the live ones, catches up with the log and takes their place in one short transaction, while
 * reads and writes go on. A reader sees the old or the new rows, never neither, and never less than it saw before.
 */
export async function rebuild(ports: RebuildPorts): Promise<Progress> {
  try {
    return await buildAndSwitch(ports);
  } finally {
    // What was built and not taken, or was taken from the readers: prompts must not stay where nobody looks for them.
    await ports.sql`select read_models.clear_next()`.catch(() => undefined);
  }
}

async function buildAndSwitch(ports: RebuildPorts): Promise<Progress> {
  const { sql, store, progress, signal } = ports;
  await sql`select read_models.clear_next()`;
  // Where the live feed stands: the detail, which folds whole streams, is caught up with from there as well.
  const start = await feedStands(store);
  const done = await buildNext({ sql, store, signal, progress: (so) => progress('building', so) }, start);
  await progress('catching_up', done);
  let reached: Reached = { detail: start, feed: start };
  for (let switches = 0; ;) {
    signal.throwIfAborted();
    const { next, left } = await follow(ports, reached);
    reached = next;
    if (left > fewEvents) continue;
    if (await takeTheirPlace(ports, reached)) break;
    switches += 1;
    if (switches === mostSwitches) throw new Error('readers or writers never let the switch through');
  }
  return done;
}

const feedStands = async (store: RebuildPorts['store']): Promise<Cursor> =>
  (await store.checkpoints.read(feedSubscription)) ?? store.origin;

/** One round of catching up. @returns how many events it was: the fewer, the closer */
async function follow(
  { sql, store }: RebuildPorts,
  reached: Reached,
): Promise<{ readonly next: Reached; readonly left: number }> {
  const detail = await eventsAfter(store, reached.detail);
  await projectNext(sql, store, detail.events);
  const feed = await eventsAfter(store, reached.feed, await feedStands(store));
  await sql.begin((tx) => feedNext(tx, feed.events));
  return {
    next: { detail: detail.cursor, feed: feed.cursor },
    left: Math.max(detail.events.length, feed.events.length),
  };
}

/** The switch. False: somebody held a table for too long, or too much came meanwhile; nothing has changed. */
async function takeTheirPlace({ sql, store, holds }: RebuildPorts, reached: Reached): Promise<boolean> {
  try {
    return await sql.begin(async (tx) => {
      await tx.unsafe(`set local lock_timeout = ${lockTimeoutMs}`);
      if (!(await holds(tx))) throw new Error('another process does the rebuild now');
      await tx`select read_models.hold_writers()`;
      // What the live models show by now, they show no more of: read before anything is written, whose transaction would hold
      // readers of the log back.
      const detail = await eventsAfter(store, reached.detail);
      const feed = await eventsAfter(store, reached.feed, await feedStands(store));
      if (!detail.all || !feed.all) return false;
      await projectNext(tx, store, detail.events);
      await feedNext(tx, feed.events);
      await tx`select read_models.exchange()`;
      return true;
    });
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && isLockTrouble(error.code))
      return false;
    throw error;
  }
}

/** Not had in time, or taken crosswise by a writer. */
const isLockTrouble = (code: unknown): boolean => code === '55P03' || code === '40P01';
