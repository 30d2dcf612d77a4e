import { absenceProvenFrom } from './decide-hear-disproof.js';
import { isKeyKept, mayRepeatUnder } from './decide-submission.js';
import { endingOf } from './ending.js';
import type { Attempt, GenerationState } from './state.js';
import type { SubmissionContract } from './submission-contract.js';
import { isKeyUsed } from './unknown-cause.js';

/** How an unknown outcome is settled. A staged answer and a webhook settle it in any case. */
export type Settlement =
  /** Ask the listing for our reference; an empty answer proves absence only from `absenceFrom` on, null: never. */
  | { readonly by: 'look-up'; readonly absenceFrom: number | null; readonly mayRepeat: boolean }
  /** Ask for the job that was once accepted. */
  | { readonly by: 'poll' }
  /** Send the same bytes again under the same key. */
  | { readonly by: 'replay' }
  /** Nothing but a webhook, a staged answer or a person can. */
  | { readonly by: 'waiting' };

/** How the outcome of this attempt can be settled now; `contract` null: its model is not configured any more. */
export function settlementOf(
  state: GenerationState,
  attempt: Attempt,
  now: number,
  contract: SubmissionContract | null,
): Settlement {
  if (contract === null) return { by: 'waiting' };
  if (attempt.vendorJobId !== null && contract.poll === 'get') return { by: 'poll' };
  const sendBy = now + contract.sendBySeconds * 1000;
  const mayRepeat =
    endingOf(state, now) === null && !attempt.everAccepted && mayRepeatUnder(attempt, contract, sendBy);
  switch (contract.submit) {
    case 'lookup':
    case 'keyed-reject':
      return {
        by: 'look-up',
        absenceFrom:
          contract.absence === 'proof' && !attempt.everAccepted && !isKeyUsed(attempt)
            ? absenceProvenFrom(attempt, contract)
            : null,
        mayRepeat: mayRepeat && contract.absence === 'weak',
      };
    case 'keyed-replay':
      return mayRepeat ? { by: 'replay' } : { by: 'waiting' };
    case 'blind':
      return { by: 'waiting' };
  }
}

/** The machine's time to settle an attempt. A repeat asks the question anew. Milliseconds since the epoch. */
export function openUntil({ unknownSince, settleUntil, repeats, sendBy }: Attempt): number {
  if (unknownSince === null || settleUntil === null) return 0;
  return repeats === 0 ? settleUntil : Math.max(settleUntil, sendBy + (settleUntil - unknownSince));
}

/**
 * Whether the vendor itself will tell, sooner or later, so that nothing has to be supposed. A key that is refused as used says that
 * something was taken under it.
 */
export function isSettledByVendor(
  state: GenerationState,
  attempt: Attempt,
  now: number,
  contract: SubmissionContract,
): boolean {
  const settlement = settlementOf(state, attempt, now, contract);
  if (settlement.by === 'replay') return true;
  if (settlement.by !== 'look-up') return false;
  // Something was taken under it, and how long the vendor remembers that nobody says.
  if (isKeyUsed(attempt) && typeof contract.keyScope !== 'number') return true;
  const isKept = isKeyKept(attempt, contract, now + contract.sendBySeconds * 1000);
  return settlement.absenceFrom !== null || (isKept && !attempt.everAccepted);
}
