import { setTimeout as pause } from 'node:timers/promises';

const setting = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);

/** What every contestant has to bear. */
export const load = {
  requests: setting('BENCH_GENERATIONS', 1_000),
  /** So long they come, evenly, while the worker is killed. */
  killSeconds: setting('BENCH_KILL_SECONDS', 60),
  killEverySeconds: setting('BENCH_KILL_EVERY', 3),
  /** Between a death and the next start: a supervisor's first pause. */
  restartMs: 200,
  /** Jobs that a worker, and an account at a vendor, may have in hand at once. */
  concurrency: 50,
  /** Part of the submits whose answer is dropped after acceptance; which ones goes by the seed. */
  dropped: setting('BENCH_DROPPED', 0.05),
  seed: 7,
  /** For the rest, when nobody is killed any more. */
  drainSeconds: setting('BENCH_DRAIN_SECONDS', 900),
} as const;

export type Load = typeof load;

/** A picture that is wanted. Its prompt is its own: by it the vendor's bill is read. */
export interface PictureRequest {
  readonly id: string;
  readonly prompt: string;
}

/** Asks for all of them, evenly over the time of the kills; a slow answer holds nobody up. */
export async function askEvenly(
  { requests, killSeconds }: Pick<Load, 'requests' | 'killSeconds'>,
  all: readonly PictureRequest[],
  ask: (request: PictureRequest) => Promise<void>,
): Promise<void> {
  const begun = performance.now();
  const refused: unknown[] = [];
  const asked: Promise<unknown>[] = [];
  for (const [n, request] of all.entries()) {
    await pause(Math.max(0, begun + (n * killSeconds * 1_000) / requests - performance.now()));
    asked.push(ask(request).catch((error: unknown) => refused.push(error)));
  }
  await Promise.all(asked);
  if (refused.length > 0) throw new Error(`${refused.length} were not taken`, { cause: refused[0] });
}
