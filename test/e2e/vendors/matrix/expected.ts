import type { CapabilitySheet, LostSubmit } from '@darkroom/providers';
import type { VendorWords } from '@darkroom/vendor-doubles';
import { type Mishap, whyNot } from './mishaps.js';
import type { Subject } from './subjects.js';

/** What a rule needs of a vendor: what its sheet promises, and how it says things. */
export type Judged = Pick<Subject, 'adapter' | 'sheet'> & {
  readonly double: { readonly words: VendorWords };
};

const succeeded = 'succeeded, 1 charge';
const openQuestion = (charges: 'no charge' | '1 charge'): string =>
  `open question, ${charges}, never submitted again`;

/** What must become of a request, by what the vendor's sheet says of it. The words are those of `tell`. */
export function expected(mishap: Mishap, judged: Judged): string {
  const why = whyNot(mishap, judged);
  if (why !== undefined) return notApplicable(why);
  const { sheet, double } = judged;
  const { words } = double;
  switch (mishap) {
    case 'nothing goes wrong':
      return succeeded;
    case '500 on submit':
      return words.harmless5xx.includes(500) ? `tries again, ${succeeded}` : lostBeforeItCame(judged);
    case '503 on submit':
      return words.harmless5xx.includes(503)
        ? `waits as it does by itself, ${succeeded}`
        : lostBeforeItCame(judged);
    case 'reply lost, no webhook':
      return lostAfterItCame(judged);
    case 'reply lost, webhook':
      return `settled by its webhook, ${succeeded}`;
    case 'moderated':
      return `failed content_rejected, ${words.rejected === 'end-of-job' ? '1 charge' : 'no charge'}`;
    case 'out of credit':
      return words.outOfCredit === null
        ? lostBeforeItCame(judged)
        : `account paused, work kept, ${succeeded}`;
    case 'bad key':
      return words.badKey === null ? lostBeforeItCame(judged) : `account paused, work kept, ${succeeded}`;
    case 'unknown status word':
      return `taken for running, ${succeeded}`;
    case '404, then 200':
      return `asked again, ${succeeded}`;
    case 'cancel':
      return sheet.cancel === 'any-time'
        ? 'canceled, at the vendor too, 1 charge'
        : 'canceled, what the vendor makes is recorded, 1 charge';
    case 'forged':
      return `forgeries refused (${words.signsWebhooks ? '401, 404' : '404'}), 1 heard, ${succeeded}`;
    case 'before the reply':
      return `kept until the reply, ${succeeded}`;
    case 'twice':
      return `2 came, 1 heard, ${succeeded}`;
    case 'in seconds':
      return refused(judged, 'waits 2 s');
    case 'as a date':
      return refused(judged, 'waits until then');
    case 'in the past':
      return refused(judged, 'asks again at once');
    case 'of 10⁹ s':
      return refused(judged, 'waits 300 s');
    case 'as nonsense':
    case 'absent':
      return refused(
        judged,
        words.busy?.seconds === undefined ? 'waits as it does by itself' : `waits ${words.busy.seconds} s`,
      );
  }
}

export const notApplicable = (why: string): string => `not applicable: ${why}`;

/** In the vendor's own words nothing was taken; what stands before it proves nothing. */
const refused = (judged: Judged, then: string): string =>
  judged.double.words.busy === null ? lostBeforeItCame(judged) : `${then}, ${succeeded}`;

/** Nobody told what became of a submit, which the vendor took. */
function lostAfterItCame(judged: Judged): string {
  const { sheet } = judged;
  if (canLookUp(judged)) return `settled by look-up, ${succeeded}`;
  if (!mayRepeat(sheet)) return openQuestion('1 charge');
  return sheet.submit === 'keyed-replay'
    ? `settled by its key, ${succeeded}`
    : // That a key was used is no proof of a job.
      'open question, 1 charge, only its key sent again';
}

/** The same of one that it did not take. */
function lostBeforeItCame(judged: Judged): string {
  const { sheet } = judged;
  if (canLookUp(judged) && sheet.absence === 'proof') return `settled as not_there, ${succeeded}`;
  return mayRepeat(sheet) ? `settled by its key, ${succeeded}` : openQuestion('no charge');
}

/** A key protects for as long as it is remembered, and where nobody knows how long that is, never. */
const mayRepeat = ({ submit, keyScope }: CapabilitySheet): boolean =>
  (submit === 'keyed-replay' || submit === 'keyed-reject') &&
  (keyScope === 'forever' || typeof keyScope === 'number');

const canLookUp = ({ adapter, sheet }: Judged): boolean => {
  const lost: LostSubmit = {
    model: sheet.model,
    prompt: '',
    width: 0,
    height: 0,
    count: 1,
    seed: 0,
    format: 'png',
    reference: '00000000-0000-4000-8000-000000000000',
    startedAt: 0,
    names: () => undefined,
  };
  return adapter.lookup(lost) !== undefined;
};
