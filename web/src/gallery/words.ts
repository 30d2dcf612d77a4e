import type { Generation } from '../api/schemas.js';

/** What a person reads for each status: the page's one glossary. */
const statusWords: Record<Generation['status'], string> = {
  queued: 'Queued',
  processing: 'Developing',
  verifying: 'Checking the pictures',
  succeeded: 'Done',
  failed: 'Failed',
  canceled: 'Canceled',
};

const chargeWords: Record<'none' | 'possible' | 'certain', string> = {
  none: 'Nothing was charged.',
  possible: 'The provider may have charged for it.',
  certain: 'The provider charged for it.',
};

export const wordsOf = (status: Generation['status']): string => statusWords[status];

export const chargeSentence = (charge: 'none' | 'possible' | 'certain'): string => chargeWords[charge];

export const isFinal = (generation: Generation): boolean =>
  generation.status === 'succeeded' || generation.status === 'failed' || generation.status === 'canceled';

export const canCancel = (generation: Generation): boolean =>
  (generation.status === 'queued' || generation.status === 'processing') &&
  generation.status_reason?.code !== 'canceling';

/** "4 s", "3 min", "2 h", "5 days". */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}

/** Tries, said only when there was more than one. */
export function attemptsSentence(attempts: number): string {
  return attempts > 1 ? `Try ${attempts}.` : '';
}
