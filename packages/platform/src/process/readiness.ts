import { ProblemError } from '../http/problem.js';

const answersWithinMs = 2_000;

/** A question to the database that can be given up: a query of the Postgres driver is one. */
export interface Question extends PromiseLike<unknown> {
  cancel(): void;
}

/**
 * Asks the database for a sign of life. A server that takes connections and answers nothing is as good as none.
 * @throws ProblemError `unavailable`
 */
export async function assertAnswers(ask: () => Question): Promise<void> {
  const question = ask();
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      question.cancel();
      reject(new Error(`no answer within ${answersWithinMs} ms`));
    }, answersWithinMs);
  });
  try {
    await Promise.race([question, tooLate]);
  } catch (cause) {
    throw new ProblemError('unavailable', 'The database does not answer.', { retryAfterSeconds: 2, cause });
  } finally {
    clearTimeout(timer);
  }
}
