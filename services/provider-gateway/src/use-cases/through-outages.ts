import { setTimeout as delay } from 'node:timers/promises';
import { EventStoreError } from '@darkroom/event-store';
import { isDatabaseUnavailable, type Logger, ObjectStoreError } from '@darkroom/platform';

const longestOutageMs = 60_000;

/** Whether the database or the object store is away for now, as against asked for something that it refuses. */
export function isOutage(error: unknown): boolean {
  if (error instanceof EventStoreError)
    return error.code === 'store_unavailable' || error.code === 'outcome_unknown';
  if (error instanceof ObjectStoreError) return error.code === 'unavailable';
  return isDatabaseUnavailable(error);
}

/**
 * Tries again for as long as a store may take to come back: what a vendor said exists only here until it is written down.
 * @throws what `act` threw last
 */
export async function throughOutages<T>(
  { logger }: { readonly logger: Logger },
  generation: string,
  act: () => Promise<T>,
): Promise<T> {
  const giveUpAt = performance.now() + longestOutageMs;
  for (let tries = 1; ; tries += 1) {
    try {
      return await act();
    } catch (error) {
      if (!isOutage(error) || performance.now() > giveUpAt) throw error;
      if (tries === 1) logger.warn({ err: error, generation }, 'an answer waits for a store to come back');
      await delay(250);
    }
  }
}
