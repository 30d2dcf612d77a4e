import type { Wake } from './job.js';

const mostMembers = 500;

/** Wakes that leave together. */
export interface BatchedWakes {
  add(wakes: readonly Wake[]): Promise<void>;
  /** Sends what was asked for, refuses what comes. */
  stop(): Promise<void>;
}

interface Waiting {
  readonly wakes: readonly Wake[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Natural batching: one statement in flight; what comes meanwhile leaves together after it. No timer. */
export function batchedWakes(send: (wakes: readonly Wake[]) => Promise<void>): BatchedWakes {
  let queue: Waiting[] = [];
  let sending: Promise<void> | undefined;
  let stopped = false;

  function take(): Waiting[] {
    let members = 0;
    const end = queue.findIndex(({ wakes }, index) => (members += wakes.length) > mostMembers && index > 0);
    const batch = end < 0 ? queue : queue.slice(0, end);
    queue = queue.slice(batch.length);
    return batch;
  }

  async function drain(): Promise<void> {
    // What one tick asks for leaves together.
    await Promise.resolve();
    while (queue.length > 0) {
      const batch = take();
      try {
        await send(batch.flatMap(({ wakes }) => wakes));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    sending = undefined;
  }

  return {
    async add(wakes) {
      if (stopped) throw new Error('the work table was stopped');
      if (wakes.length === 0) return;
      await new Promise<void>((resolve, reject) => {
        queue.push({ wakes, resolve, reject });
        sending ??= drain();
      });
    },
    async stop() {
      stopped = true;
      await sending;
    },
  };
}
