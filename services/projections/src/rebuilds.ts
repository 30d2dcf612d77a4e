import type { Database, EventStore } from '@darkroom/event-store';
import type { Logger } from '@darkroom/platform';
import { noteFailedRebuild, noteRebuild, openRebuild, rebuild } from '@darkroom/read-models';

interface RebuildPorts {
  readonly sql: Database;
  readonly store: EventStore;
  /** Unique to the process. */
  readonly holder: string;
  readonly logger: Logger;
  /** Told when the rows have been replaced. */
  readonly switched: () => void;
  /** How often it is looked whether one was asked for. Default 2,000. */
  readonly everyMs?: number;
}

/** Looks for rebuilds and does them. */
export interface Rebuilds {
  /** One in work is left; whoever starts next begins it anew. */
  stop(): Promise<void>;
}

const lease = 'read_models.rebuild';
const leaseSeconds = 30;
const noteEveryMs = 1_000;

/** Does the rebuilds that are asked for, one process at a time. One that its process left is begun anew. */
export function startRebuilds(ports: RebuildPorts): Rebuilds {
  const { logger, everyMs = 2_000 } = ports;
  const stopping = new AbortController();
  let awaken: (() => void) | undefined;

  const sleep = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, everyMs);
      awaken = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await look(ports, stopping.signal);
      } catch (error) {
        if (!stopping.signal.aborted)
          logger.error({ err: error }, 'a rebuild could not go on; it is tried again');
      }
      if (!stopping.signal.aborted) await sleep();
    }
  };
  const running = run();
  return {
    async stop() {
      stopping.abort(new Error('this process is stopping'));
      awaken?.();
      await running;
    },
  };
}

async function look(
  { sql, store, holder, logger, switched }: RebuildPorts,
  stopping: AbortSignal,
): Promise<void> {
  const asked = await openRebuild(sql);
  if (asked === undefined) return;
  const held = await store.checkpoints.acquire(lease, holder, leaseSeconds);
  if (held === null) return;
  const lost = new AbortController();
  const renewal = setInterval(
    () => {
      store.checkpoints.renew(lease, held.fencing, leaseSeconds).then(
        (renewed) => renewed || lost.abort(new Error('another process does it now')),
        // The lease may outlive a short outage.
        () => undefined,
      );
    },
    (leaseSeconds * 1_000) / 3,
  );
  const signal = AbortSignal.any([stopping, lost.signal]);
  let notedAt = Number.NEGATIVE_INFINITY;
  let notedState = '';
  try {
    logger.info({ rebuild: asked.id }, 'the read models are being built anew');
    const done = await rebuild({
      sql,
      store,
      signal,
      holds: async (tx) => {
        const rows = await tx`
          select from event_store.checkpoints
          where subscription = ${lease} and fencing = ${String(held.fencing)}::bigint and holder is not null for update`;
        return rows.length > 0;
      },
      progress: async (state, so) => {
        if (state === notedState && performance.now() - notedAt < noteEveryMs) return;
        notedAt = performance.now();
        notedState = state;
        await noteRebuild(sql, asked.id, state, so);
      },
    });
    switched();
    await noteRebuild(sql, asked.id, 'switched', done);
    logger.info({ rebuild: asked.id, ...done }, 'the read models that were built anew are live');
  } catch (error) {
    // One that is only interrupted, or that met what passes by itself, stays open and is begun anew.
    if (!signal.aborted && !passes(error))
      await noteFailedRebuild(sql, asked.id, error instanceof Error ? error.message : String(error));
    throw error;
  } finally {
    clearInterval(renewal);
    await store.checkpoints.release(lease, held.fencing).catch(() => undefined);
  }
}

/** Connections, locks, a server that restarts; or rows of a process that was late with its own. */
function passes(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return /^(08|23505|40|53|55|57|CONN|ECONN|EPIPE|store_unavailable|outcome_unknown)/.test(code);
}
