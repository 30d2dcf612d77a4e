import type { ControlsInput, SaidBy } from '@darkroom/vendor-doubles';
import type { Other, Refused429 } from './mishaps.js';
import type { Subject } from './subjects.js';
import { unknownWord } from './tell.js';

/** Over at once. */
const quick = { seconds: 0.2 };
const silent = { send: false };
/** A look tells nothing for a while, or it might be there before the webhook. */
const hidden = { notFoundFirst: 5 };

/** Whether the answer to a submit is all that this vendor ever says. */
export const answersAtOnce = ({ sheet }: Subject): boolean => sheet.poll === 'none' && !sheet.takesWebhook;

/** What a double is told, so that this befalls the request that carries the text. */
export function controlsOf(mishap: Other, subject: Subject, about: string): ControlsInput {
  const { words } = subject.double;
  const refuse = (said: SaidBy, times?: number): ControlsInput => ({
    job: quick,
    refuse: { ...said, about, ...(times === undefined ? {} : { times }) },
  });
  const lost = { mishap: 'accept-then-drop', times: 1, about } as const;
  switch (mishap) {
    case 'nothing goes wrong':
      return { job: quick };
    case '500 on submit':
      return refuse({ status: 500 }, 1);
    case '503 on submit':
      return refuse({ status: 503 }, 1);
    case 'reply lost, no webhook':
      return { job: quick, submit: lost, webhook: silent };
    case 'reply lost, webhook':
      // Whatever else tells of it comes later.
      return { job: quick, submit: lost, list: { lagSeconds: 5 } };
    case 'moderated':
      return words.rejected === 'end-of-job' || words.rejected === null
        ? { job: { ...quick, end: 'moderated' } }
        : refuse(words.rejected);
    case 'out of credit':
      return refuse(words.outOfCredit ?? { status: 402 });
    case 'bad key':
      return refuse(words.badKey ?? { status: 401 });
    case 'unknown status word':
      return subject.sheet.poll === 'get'
        ? { job: { end: 'stuck', word: unknownWord }, webhook: silent }
        : { job: { seconds: 1, word: unknownWord }, webhook: { early: true } };
    case '404, then 200':
      return { job: { end: 'stuck' }, answers: { notFoundFirst: 2 }, webhook: silent };
    case 'cancel':
      // A tenth of it is spent in the queue, where some can be canceled and no others.
      return { job: { seconds: answersAtOnce(subject) ? 3 : 600 } };
    case 'forged':
      return { job: quick, answers: hidden, webhook: { forged: true } };
    case 'before the reply':
      return { job: { seconds: 0 }, webhook: { early: true } };
    case 'twice':
      return { job: quick, answers: hidden, webhook: { duplicate: true } };
  }
}

/** Whether the job runs until it was looked at often enough, however seldom that is: then it is to be ended. */
export const isHeld = (mishap: Other, { sheet }: Subject): boolean =>
  sheet.poll === 'get' && (mishap === 'unknown status word' || mishap === '404, then 200');

/** How many webhooks are to be waited for, so that none comes in the time of another mishap. */
export function webhooksOf(mishap: Other, { double: { words } }: Subject): number {
  if (mishap === 'forged') return words.signsWebhooks ? 3 : 2;
  return mishap === 'before the reply' || mishap === 'twice' ? 2 : 0;
}

/**
 * A moment of whole seconds, as a date can name no other: later than the busiest machine takes to come to the vendor. Milliseconds
 * since the epoch.
 */
export const inAWhile = (): number => Math.ceil(Date.now() / 1_000) * 1_000 + 120_000;

/** What a 429 is sent with; undefined: it says nothing of when to come back. */
export function retryAfterOf(mishap: Refused429, until: number): string | undefined {
  switch (mishap) {
    case 'in seconds':
      return '2';
    case 'as a date':
      return new Date(until).toUTCString();
    case 'as nonsense':
      return 'in a little while';
    case 'in the past':
      return new Date(0).toUTCString();
    case 'of 10⁹ s':
      return String(10 ** 9);
    case 'absent':
      return undefined;
  }
}
