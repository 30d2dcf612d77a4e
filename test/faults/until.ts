import { setTimeout as delay } from 'node:timers/promises';

const patience = 3;

/**
 * Asks again until there is an answer, for a bounded time. What must not take longer than so much is measured, not waited for.
 * @param what named in the error
 * @param seconds the bound on a machine with nothing else to do; a busy one has three times as long
 * @throws Error when the time is over, with the last thing that `describe` said
 */
export async function until<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined>,
  describe: () => string = () => '',
): Promise<T> {
  const end = performance.now() + seconds * patience * 1_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end)
      throw new Error(`${what}: not within ${seconds * patience} s. ${describe()}`);
    await delay(50);
  }
}
