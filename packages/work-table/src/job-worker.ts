import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { about } from '@darkroom/platform';
import type { Claim } from './job.js';
import type { WorkTable } from './work-table.js';

/** Why a job in work is told to end, or finds that it has: whoever catches it does not touch the row of a lost lease. */
export class JobEnded extends Error {
  override readonly name = 'JobEnded';
  constructor(readonly why: 'stopping' | 'lease-lost') {
    super(why);
  }
}

/** Where the worker writes its own log lines; pino fits. */
export interface JobLog {
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** A claim in work. */
export interface HeldJob {
  readonly claim: Claim;
  /** Aborts with JobEnded. */
  readonly signal: AbortSignal;
  /** Until when the lease is known to be held, on the clock of `performance.now()`; renewals move it. */
  heldUntil(): number;
}

/** An account whose waiting rows may be claimed: as many as there are free slots, and no more than `most`. */
export interface ClaimableAccount {
  readonly id: string;
  readonly slots: number;
  readonly most?: number;
}

export interface JobWorkerOptions {
  readonly work: Pick<WorkTable, 'claimDue' | 'renew' | 'msUntilDue'>;
  /** Shows in the rows it holds. */
  readonly name: string;
  readonly concurrency: number;
  readonly leaseSeconds: number;
  /** Longest time between two looks at the table: wakes of other processes are found by looking. */
  readonly pollMs: number;
  /** Accounts whose rows that wait for a slot are claimed too, asked before each look. Default: none. */
  readonly accounts?: () => Promise<readonly ClaimableAccount[]>;
  /** Moves the claimed row before it returns, unless the signal ended it as `lease-lost`. */
  readonly run: (job: HeldJob) => Promise<void>;
  readonly log: JobLog;
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
  heldUntil: number;
}

/**
 * Of the places, what work that waits for a slot may take, all of it and that of one account: looks, cancels and settlement have some at all
 * times, and an account whose answers take minutes leaves some to the others (bulkheads: M. Nygard, "Release It!").
 */
const partForSlots = { all: 3 / 4, ofOne: 1 / 2 } as const;
const shortestWaitMs = 5;
/** Looks are at least so far apart, however often a job ends or is woken: the busier, the more jobs each of them claims. */
const restMs = 10;
const longestOutageWaitMs = 5_000;

/** Starts claiming. Leases are renewed every third of their time; a job whose lease is gone is told to end. */
export function startJobWorker(options: JobWorkerOptions): JobWorker {
  const { work, concurrency, leaseSeconds, log } = options;
  const holder = `${options.name}-${randomUUID()}`;
  const running = new Map<string, Running>();
  /** With those whose claim is a newer one's by now: what they began they end. */
  const unfinished = new Set<Promise<void>>();
  const stopping = new AbortController();
  let poked = false;
  let awaken: (() => void) | undefined;
  const poke = (): void => {
    poked = true;
    awaken?.();
  };

  const sleep = async (ms: number, lookedAt: number): Promise<void> => {
    if (!poked && ms > 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        awaken = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    awaken = undefined;
    const rest = lookedAt + restMs - performance.now();
    if (rest > 0 && !stopping.signal.aborted) await pause(rest);
    poked = false;
  };

  const runToItsEnd = async (job: Running): Promise<void> => {
    const { claim, abort } = job;
    try {
      await options.run({ claim, signal: abort.signal, heldUntil: () => job.heldUntil });
    } catch (error) {
      // The row stays as it is; when its lease has run out, it is claimed again.
      if (!(error instanceof JobEnded))
        log.error({ err: error, generation: claim.generation }, 'a job failed');
    } finally {
      if (running.get(claim.generation) === job) running.delete(claim.generation);
      poke();
    }
  };

  const forgetAfter = async (done: Promise<void>): Promise<void> => {
    await done;
    unfinished.delete(done);
  };

  const start = (claim: Claim, heldUntil: number): void => {
    // A job of ours is running when its lease ended unrenewed: it is claimed again by ourselves.
    running.get(claim.generation)?.abort.abort(new JobEnded('lease-lost'));
    const job: Running = { claim, abort: new AbortController(), heldUntil };
    running.set(claim.generation, job);
    const done = about(claim, () => runToItsEnd(job));
    unfinished.add(done);
    void forgetAfter(done);
  };

  const placesFor = (whose: keyof typeof partForSlots): number =>
    Math.max(1, Math.floor(concurrency * partForSlots[whose]));

  const claimOnce = async (): Promise<number> => {
    let claimed = 0;
    const take = async (
      request: { kind: 'timed' } | { kind: 'ready'; account: string; slots: number },
      most: number,
    ) => {
      const limit = Math.min(concurrency - running.size, most);
      if (limit <= 0) return;
      const heldUntil = performance.now() + leaseSeconds * 1000;
      const claims = await work.claimDue({ ...request, holder, limit, leaseSeconds });
      for (const claim of claims) start(claim, heldUntil);
      claimed += claims.length;
    };
    await take({ kind: 'timed' }, Infinity);
    if (running.size >= placesFor('all')) return claimed;
    const accounts = (await options.accounts?.()) ?? [];
    for (const { id, slots, most } of accounts) {
      const ofIt = [...running.values()].filter(({ claim }) => claim.account === id).length;
      const places = Math.min(placesFor('all') - running.size, placesFor('ofOne') - ofIt);
      await take({ kind: 'ready', account: id, slots }, Math.min(places, most ?? Infinity));
    }
    return claimed;
  };

  const loop = async (): Promise<void> => {
    let failures = 0;
    while (!stopping.signal.aborted) {
      let waitMs = options.pollMs;
      const lookedAt = performance.now();
      try {
        const claimed = await claimOnce();
        failures = 0;
        // All places taken: the end of a job pokes.
        if (claimed > 0 && running.size < concurrency) waitMs = 0;
        else if (running.size < concurrency) {
          // Due and not claimed: another is at it in this moment. Asking without a pause would load the database for nothing.
          const dueMs = (await work.msUntilDue(waitMs)) ?? waitMs;
          waitMs = Math.min(waitMs, Math.max(dueMs, shortestWaitMs));
        }
      } catch (error) {
        log.warn({ err: error }, 'due jobs could not be claimed; it is tried again');
        waitMs = Math.max(waitMs, Math.min(waitMs * 2 ** failures, longestOutageWaitMs));
        failures += 1;
        // Jobs that end for the same reason poke: that is no reason to ask sooner.
        poked = false;
      }
      if (!stopping.signal.aborted) await sleep(waitMs, lookedAt);
    }
  };

  const renew = async (): Promise<void> => {
    const held = [...running.values()];
    if (held.length === 0) return;
    const heldUntil = performance.now() + leaseSeconds * 1000;
    try {
      const still = await work.renew(
        held.map(({ claim }) => claim),
        leaseSeconds,
      );
      const kept = new Map(still.map(({ generation, fencing }) => [generation, fencing]));
      for (const job of held) {
        if (kept.get(job.claim.generation) === job.claim.fencing) job.heldUntil = heldUntil;
        else job.abort.abort(new JobEnded('lease-lost'));
      }
    } catch (error) {
      log.warn({ err: error }, 'leases could not be renewed');
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
      await Promise.all(unfinished);
      clearInterval(renewal);
    },
  };
}
