import { ProblemError } from '../http/problem.js';
import { oneAtATime } from './one-at-a-time.js';
import { within } from './within.js';

/** Ready when all of them are. @throws what the first one throws that is not */
export function allReady(...probes: readonly (() => Promise<void>)[]): () => Promise<void> {
  return async () => {
    await Promise.all(probes.map((probe) => probe()));
  };
}

const answersWithinMs = 2_000;

/**
 * Asks the database for a sign of life. A server that takes connections and answers nothing is as good as none: then the question
 * is left standing, and the next look waits for the same one, so that looks do not pile up. It is not cancelled: the driver does that
 * on a connection of its own, and when that one fails too, it ends the process by a rejection that nobody can catch.
 * @throws ProblemError `unavailable`, from what is returned
 */
export function databaseProbe(ask: () => PromiseLike<unknown>): () => Promise<void> {
  const asked = oneAtATime(ask);
  return async () => {
    try {
      await within(answersWithinMs, asked(), () => new Error(`no answer within ${answersWithinMs} ms`));
    } catch (cause) {
      throw new ProblemError('unavailable', 'The database does not answer.', { retryAfterSeconds: 2, cause });
    }
  };
}
