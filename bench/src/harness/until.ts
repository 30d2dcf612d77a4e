import { setTimeout as pause } from 'node:timers/promises';

/** Asks again until there is an answer. @throws Error after so many seconds */
export async function until<T>(
  what: string,
  seconds: number,
  look: () => T | undefined | Promise<T | undefined>,
  everyMs = 10,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await pause(everyMs);
  }
}
