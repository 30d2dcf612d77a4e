import { randomUUID } from 'node:crypto';
import type { Logger } from '@darkroom/platform';
import type { Claim, WorkTable } from '@darkroom/work-table';
import { JobEnded } from './job-ended.js';

export interface JobWorkerOptions {
  readonly work: Pick<WorkTable, 'claimDue' | 'renew' | 'msUntilDue'>;
  readonly concurrency: number;
  readonly leaseSeconds: number;
  /** Longest time between two looks at the table: wakes of other processes are found by looking. */
  readonly pollMs: number;
  /** Moves the claimed row before it returns, unless the signal ended it as `lease-lost`. */
  readonly run: (claim: Claim, signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
}

/** Claims due jobs and runs them side by side. */
export interface JobWorker {
  /** A job may have become due. */
  poke(): void;
  /** Takes no new job and ends the running ones, which hand back what they hold. */
  stop(): Promise<void>;
}

interface Running {
  readonly claim: Claim;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/** Starts claiming. Leases are renewed every third of their time; a job whose lease is gone is told to end. */
export function startJobWorker(options: JobWorkerOptions): JobWorker {
  const { work, concurrency, leaseSeconds, logger } = options;
  const holder = `artifact-${randomUUID()}`;
  const running = new Map<string, Running>();
  const stopping = new AbortController();
  let poked = false;
  let awaken: (() => void) | undefined;
  const poke = (): void => {
    poked = true;
    awaken?.();
  };

  const sleep = async (ms: number): Promise<void> => {
    if (!poked && ms > 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        awaken = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    awaken = undefined;
    poked = false;
  };

  const start = (claim: Claim): void => {
    const abort = new AbortController();
    const runToItsEnd = async (): Promise<void> => {
      try {
        await options.run(claim, abort.signal);
      } catch (error) {
        // The row stays as it is; when its lease has run out, it is claimed again.
        if (!(error instanceof JobEnded))
          logger.error({ err: error, generation: claim.generation }, 'a job failed');
      } finally {
        if (running.get(claim.generation)?.claim === claim) running.delete(claim.generation);
        poke();
      }
    };
    running.set(claim.generation, { claim, abort, done: runToItsEnd() });
  };

  const claimOnce = async (): Promise<number> => {
    const limit = concurrency - running.size;
    // A job of ours is running when its lease ends unrenewed: it would be claimed again by ourselves.
    const claims = limit > 0 ? await work.claimDue({ kind: 'timed', holder, limit, leaseSeconds }) : [];
    for (const claim of claims) {
      running.get(claim.generation)?.abort.abort(new JobEnded('lease-lost'));
      start(claim);
    }
    return claims.length;
  };

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      let waitMs = options.pollMs;
      try {
        const claimed = await claimOnce();
        // All places taken: the end of a job pokes.
        if (claimed > 0 && running.size < concurrency) waitMs = 0;
        else if (running.size < concurrency) waitMs = Math.min(waitMs, (await work.msUntilDue()) ?? waitMs);
      } catch (error) {
        logger.warn({ err: error }, 'due jobs could not be claimed; it is tried again');
      }
      if (!stopping.signal.aborted) await sleep(waitMs);
    }
  };

  const renew = async (): Promise<void> => {
    const held = [...running.values()];
    try {
      const still = await work.renew(
        held.map(({ claim }) => claim),
        leaseSeconds,
      );
      const kept = new Map(still.map(({ generation, fencing }) => [generation, fencing]));
      for (const { claim, abort } of held)
        if (kept.get(claim.generation) !== claim.fencing) abort.abort(new JobEnded('lease-lost'));
    } catch (error) {
      logger.warn({ err: error }, 'leases could not be renewed');
    }
  };
  const renewal = setInterval(() => void renew(), (leaseSeconds * 1000) / 3);
  const looping = loop();

  return {
    poke,
    stop: async () => {
      stopping.abort();
      poke();
      await looping;
      for (const { abort } of running.values()) abort.abort(new JobEnded('stopping'));
      await Promise.all([...running.values()].map(({ done }) => done));
      clearInterval(renewal);
    },
  };
}
