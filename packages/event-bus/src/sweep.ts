import { randomUUID } from 'node:crypto';
import type { EventType } from '@darkroom/contract';
import type { Cursor, EventStore, RecordedEvent } from '@darkroom/event-store';
import { type BusLog, silentLog } from './port.js';
import { WakeUp } from './wake-up.js';

/** What is swept, and how slowly. */
export interface SweepOptions {
  readonly store: Pick<EventStore, 'readAll' | 'checkpoints' | 'origin'>;
  /** The consumer group that it stands behind; its own checkpoint is `<group>.sweep`. */
  readonly group: string;
  readonly types: readonly EventType[];
  /** Makes sure that what these events ask for is under way, and tells for how many it was not. Repeatable. */
  readonly assure: (events: readonly RecordedEvent[]) => Promise<number>;
  /** The bus has this long to deliver an event before the sweep looks at it. Default 60,000. */
  readonly olderThanMs?: number;
  /** Pause between two looks while nothing is old enough. Default 10,000. */
  readonly everyMs?: number;
  /** Default 500. */
  readonly batchSize?: number;
  readonly log?: BusLog;
  readonly now?: () => number;
}

/** A running sweep. */
export interface Sweep {
  /** Waits for the page in work. */
  stop(): Promise<void>;
}

/** A page takes far less; who is killed in the middle of one holds the others up for no longer. */
const leaseSeconds = 10;
const betweenPagesMs = 20;

/**
 * Goes over the log once more, slowly and behind the consumer group, and makes sure that nothing was passed over: an offset that
 * was moved by hand, a topic made anew, a message that a broker lost. Silence is never proof. While nothing is old enough it only
 * reads; of several processes one at a time goes on, by the lease of its checkpoint.
 */
export function startSweep(options: SweepOptions): Sweep {
  const { group, everyMs = 10_000, log = silentLog } = options;
  const holder = randomUUID();
  const subscription = `${group}.sweep`;
  const wake = new WakeUp();
  const ending = new AbortController();

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      let more = false;
      try {
        more = await sweepPage(options, subscription, holder);
      } catch (error) {
        log.warn({ group, err: error }, 'the sweep could not go on; it is tried again');
      }
      if (!ending.signal.aborted) await wake.sleep(more ? betweenPagesMs : everyMs);
    }
  }

  const running = run();
  return {
    async stop() {
      ending.abort();
      wake.signal();
      await running;
    },
  };
}

/** One page. True: there may be more that is old enough. */
async function sweepPage(options: SweepOptions, subscription: string, holder: string): Promise<boolean> {
  const { store, group, assure, log = silentLog } = options;
  const reached = (await store.checkpoints.read(subscription)) ?? store.origin;
  const page = await oldPage(options, reached);
  if (page.cursor === reached) return false;
  const lease = await store.checkpoints.acquire(subscription, holder, leaseSeconds);
  if (lease === null) return false;
  try {
    // Another process went on meanwhile.
    if (lease.cursor !== reached) return true;
    if (page.unreadable > 0)
      log.warn(
        { group, unreadable: page.unreadable },
        'the sweep cannot read some events; the bus parks them',
      );
    const missing = page.events.length === 0 ? 0 : await assure(page.events);
    if (missing > 0)
      log.warn(
        { group, missing },
        'the sweep found events that the bus had not brought; they are seen to now',
      );
    await store.checkpoints.advance(subscription, lease.fencing, page.cursor);
    return page.full;
  } finally {
    await store.checkpoints.release(subscription, lease.fencing);
  }
}

interface OldPage {
  readonly events: readonly RecordedEvent[];
  /** Events before `cursor` that this program cannot read. */
  readonly unreadable: number;
  /** Where to read on: before the first event that is too young. */
  readonly cursor: Cursor;
  readonly full: boolean;
}

async function oldPage(options: SweepOptions, after: Cursor): Promise<OldPage> {
  const { store, types, olderThanMs = 60_000, batchSize = 500, now = Date.now } = options;
  const page = await store.readAll({ after, limit: batchSize, types });
  const youngest = now() - olderThanMs;
  const young = page.events.findIndex(({ recordedAt }) => recordedAt.getTime() > youngest);
  const old = young < 0 ? page.events : page.events.slice(0, young);
  const cursor = young < 0 ? page.cursor : (old.at(-1)?.cursor ?? after);
  const unreadable = page.unreadable.filter((event) => event.cursor <= cursor).length;
  return { events: old, unreadable, cursor, full: young < 0 && cursor !== after };
}
