import { setTimeout as pause } from 'node:timers/promises';
import { EventStoreError } from '../errors.js';
import { classify, storeError } from './failure.js';

/** Races between transactions end by themselves; more tries than this are a bug. */
const mostRaces = 10;

/**
 * Runs a write that is idempotent by event id. A race is tried again. A lost answer is asked for again by the very same
 * write: what is there already is found by its ids, and one that is still on its way in another session will find ours.
 * @throws EventStoreError `store_unavailable` when nothing was written, `outcome_unknown` when it could not be settled in time
 */
export async function settled<T>(write: () => Promise<T>, timeoutMs: number): Promise<T> {
  let unknown: unknown;
  let end = 0;
  for (let attempt = 1, races = 0; ; attempt += 1) {
    try {
      return await write();
    } catch (error) {
      const failure = classify(error);
      if (failure === 'again' && races < mostRaces) {
        races += 1;
        continue;
      }
      if (failure === 'lost' && unknown === undefined) {
        unknown = error;
        end = performance.now() + timeoutMs;
      }
      if (unknown === undefined) throw storeError(error, 'outcome_unknown');
      if (failure === 'refused') throw storeError(error, 'outcome_unknown');
      if (performance.now() >= end) {
        throw new EventStoreError(
          'outcome_unknown',
          'the answer of the database was lost and could not be asked for again',
          {},
          { cause: unknown },
        );
      }
      await pause(Math.min(20 * 2 ** attempt, 500));
    }
  }
}

/** Runs a read; a connection that went stale is replaced once. @throws EventStoreError `store_unavailable` */
export async function readAgain<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (classify(error) !== 'lost') throw storeError(error, 'store_unavailable');
  }
  try {
    return await read();
  } catch (error) {
    throw storeError(error, 'store_unavailable');
  }
}
