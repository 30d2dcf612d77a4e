import { setTimeout as pause } from 'node:timers/promises';

/** Waits for a condition. @throws when it does not hold in time */
export async function until(condition: () => boolean | Promise<boolean>, withinMs = 40_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > end)
      throw new Error(`it did not happen within ${withinMs} ms: ${condition.toString()}`);
    await pause(5);
  }
}
