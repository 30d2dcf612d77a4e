import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks again until there is an answer, for a bounded time.
 * @param what named in the error
 * @param seconds the bound
 * @throws Error when the time is over, with the last thing that `describe` said
 */
export async function until<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined>,
  describe: () => string = () => '',
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s. ${describe()}`);
    await delay(50);
  }
}
