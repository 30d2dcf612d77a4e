import type { UnknownCause } from '@darkroom/contract';
import type { Attempt } from './state.js';

/** What may be learned of an open question by sending the same bytes again, from what tells least to what tells most. */
const byWhatItTells: readonly UnknownCause[] = [
  'UNKNOWN_CAUSE_UNREADABLE',
  'UNKNOWN_CAUSE_REPEAT_REFUSED',
  'UNKNOWN_CAUSE_JOB_ID_TAKEN',
  'UNKNOWN_CAUSE_KEY_USED',
];

/**
 * Whether an answer to the same bytes sent again tells more than what is on record of its question. Each that is recorded tells more than
 * the one before, so that an outage of any length leaves a few.
 */
export function tellsMore({ repeats, everAccepted, unknownCause }: Attempt, cause: UnknownCause): boolean {
  const rank = (one: UnknownCause | null): number => (one === null ? -1 : byWhatItTells.indexOf(one));
  return repeats > 0 && !everAccepted && rank(cause) > rank(unknownCause);
}

/** Something was taken under the attempt's key: that no list shows it proves nothing. */
export const isKeyUsed = ({ unknownCause }: Attempt): boolean => unknownCause === 'UNKNOWN_CAUSE_KEY_USED';
