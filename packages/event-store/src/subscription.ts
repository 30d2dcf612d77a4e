import type postgres from 'postgres';
import type { Cursor } from './cursor.js';
import { EventStoreError } from './errors.js';
import type { CheckpointLease, EventStore, SubscribeRequest, Subscription } from './event-store.js';

const longestPauseMs = 5_000;

/**
 * Follows the log from its checkpoint: one holder at a time by lease, every step of the checkpoint fenced. Woken by hints,
 * polling beneath. For simple consumers; the event bus brings order per stream, parking and concurrency.
 */
export function startSubscription(store: EventStore, request: SubscribeRequest): Subscription {
  const { subscription, holder } = request;
  const leaseSeconds = request.leaseSeconds ?? 15;
  const pollMs = request.pollMs ?? 1_000;
  const wakeUp = new WakeUp();
  const forget = store.onAppended(() => wakeUp.ring());

  /** Reads and handles pages until stopped or fenced off. */
  async function follow(lease: CheckpointLease, onWell: () => void): Promise<void> {
    let { cursor } = lease;
    const tenure = { held: true };
    const renewal = setInterval(
      () => {
        store.checkpoints.renew(subscription, lease.fencing, leaseSeconds).then(
          (renewed) => (tenure.held &&= renewed),
          report, // The lease may outlive a short outage; if not, the next step is refused.
        );
      },
      (leaseSeconds * 1_000) / 3,
    );
    try {
      while (tenure.held && !wakeUp.stopped) {
        const page = await store.readAll({
          after: cursor,
          limit: request.batchSize ?? 500,
          ...(request.types && { types: request.types }),
        });
        const [unreadable] = page.unreadable;
        if (unreadable) throw unreadable.error;
        const isAtTheEnd = page.cursor === cursor;
        if (!isAtTheEnd && !(await handlePage(lease, page.events, page.cursor))) return;
        onWell();
        cursor = page.cursor;
        if (isAtTheEnd) await wakeUp.within(pollMs);
      }
    } finally {
      clearInterval(renewal);
    }
  }

  async function handlePage(
    lease: CheckpointLease,
    events: Parameters<SubscribeRequest['handle']>[0],
    end: Cursor,
  ): Promise<boolean> {
    let advanced = false;
    const advance = async (tx: postgres.TransactionSql): Promise<void> => {
      advanced = await store.checkpoints.advance(subscription, lease.fencing, end, tx);
      if (!advanced)
        throw new EventStoreError('fenced', `the checkpoint of ${subscription} is held by someone else`);
    };
    if (events.length > 0) await request.handle(events, advance);
    return advanced || store.checkpoints.advance(subscription, lease.fencing, end);
  }

  function report(error: unknown): void {
    request.onError?.(error);
  }

  async function run(): Promise<void> {
    let failures = 0;
    // What failed before has passed: the next failure is a first one again.
    const onWell = (): void => {
      failures = 0;
      request.onWell?.();
    };
    while (!wakeUp.stopped) {
      let lease: CheckpointLease | null = null;
      try {
        lease = await store.checkpoints.acquire(subscription, holder, leaseSeconds, request.startAt);
        if (lease) await follow(lease, onWell);
        else onWell();
      } catch (error) {
        failures += 1;
        report(error);
      }
      if (lease) await store.checkpoints.release(subscription, lease.fencing).catch(report);
      const pause =
        failures === 0 ? (leaseSeconds * 1_000) / 3 : Math.min(50 * 2 ** failures, longestPauseMs);
      await wakeUp.within(Math.min(pause, longestPauseMs), failures > 0 || lease === null);
    }
  }

  const running = run();
  return {
    async stop() {
      wakeUp.stop();
      forget();
      await running;
    },
  };
}

/** A wait that a hint or the end cuts short. */
class WakeUp {
  stopped = false;
  #rung = false;
  #end: ((hint: boolean) => void) | undefined;

  /** A hint that comes while nobody waits counts for the next wait. */
  ring(): void {
    if (this.#end) this.#end(true);
    else this.#rung = true;
  }

  stop(): void {
    this.stopped = true;
    this.#end?.(false);
  }

  /** `deaf`: hints do not cut it short. */
  async within(ms: number, deaf = false): Promise<void> {
    if (this.stopped) return;
    if (this.#rung && !deaf) {
      this.#rung = false;
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#end?.(false), ms);
      this.#end = (hint) => {
        if (hint && deaf) {
          this.#rung = true;
          return;
        }
        clearTimeout(timer);
        this.#end = undefined;
        resolve();
      };
    });
  }
}
