import type { Charge, Generation } from '../api/schemas.js';

/** The page's one glossary: every word that a person reads about how a generation stands. */
const statusWords: Record<Generation['status'], string> = {
  queued: 'Queued',
  processing: 'Developing',
  verifying: 'Checking the pictures',
  succeeded: 'Done',
  failed: 'Failed',
  canceled: 'Canceled',
};

/** What is waited for, where the API names no reason. */
const usualReasons: Record<Generation['status'], string> = {
  queued: 'Waiting to be sent to the provider.',
  processing: 'The provider is working on it.',
  verifying: 'The pictures are downloaded and checked before they are shown.',
  succeeded: '',
  failed: '',
  canceled: '',
};

/** What is waited for, by the API's reason code; a code that is not here is shown in the API's own words. */
const reasons: Record<string, string> = {
  waiting_for_slot: 'Waiting for a free slot at the provider.',
  provider_capacity: 'The provider is at capacity.',
  retry_scheduled: 'The last try did not work out.',
  provider_outage: 'The provider is having trouble.',
  provider_paused: 'The provider is paused; the request is kept.',
  submitting: 'Being sent to the provider.',
  confirming_with_provider:
    'The provider’s answer was lost. Asking what became of it, so that nothing is paid twice.',
  needs_attention:
    'Nobody can tell yet whether the provider took it. A person has to decide; it is not sent again until then.',
  canceling: 'Being canceled; the provider has to confirm.',
  fetching_again: 'A picture did not arrive whole and is fetched again.',
};

const chargeWords: Record<Charge, string> = {
  none: 'It cost nothing.',
  possible: 'It may have cost money.',
  certain: 'It cost money.',
};

export const wordsOf = (status: Generation['status']): string => statusWords[status];

export const chargeSentence = (charge: Charge): string => chargeWords[charge];

/** What it waits for, without numbers that count. */
export function reasonSentence({ status, status_reason: reason }: Generation): string {
  if (!reason) return usualReasons[status];
  return reasons[reason.code] ?? reason.message;
}

/** How long until the next step, where one is planned. */
export function nextStep({ status_reason: reason }: Generation, now: number): string {
  if (!reason?.until || reason.code === 'needs_attention') return '';
  const left = Date.parse(reason.until) - now;
  if (left <= 500) return '';
  return reason.code === 'confirming_with_provider'
    ? `A person is asked in ${duration(left)}, should it stay open.`
    : `Next try in ${duration(left)}.`;
}

/** How far the vendor says it is, and what is usual. */
export function progressSentence({ status, status_reason: reason, progress }: Generation): string {
  // With a reason, something else than the vendor's work is waited for.
  if (status !== 'processing' || reason || !progress) return '';
  const { percent, queue_position: position, usual_seconds: usual } = progress;
  const parts = [
    typeof percent === 'number' && percent > 0 ? `${percent} % done.` : '',
    typeof position === 'number' && position > 0 && !percent
      ? `Place ${position} in the provider’s queue.`
      : '',
    usual ? `Usually ${seconds(usual.p50)} to ${seconds(usual.p95)}.` : '',
  ];
  return parts.filter((part) => part !== '').join(' ');
}

/** Tries, said only when there was more than one. */
export const attemptsSentence = (attempts: number): string => (attempts > 1 ? `Attempt ${attempts}.` : '');

/** How many pictures there are, said only when some are missing. */
export function missingSentence({ artifacts, requested }: Generation): string {
  return artifacts.length < requested.count ? `${artifacts.length} of ${requested.count} pictures.` : '';
}

export const isFinal = (generation: Generation): boolean =>
  generation.status === 'succeeded' || generation.status === 'failed' || generation.status === 'canceled';

export const canCancel = (generation: Generation): boolean =>
  (generation.status === 'queued' || generation.status === 'processing') &&
  generation.status_reason?.code !== 'canceling';

/** "4 s", "3 min", "2 h", "5 days". */
export function duration(milliseconds: number): string {
  const whole = Math.max(0, Math.round(milliseconds / 1000));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}

/** "$0.08": what so many pictures are expected to cost. */
export function priceWords(price: { currency: string; micros_per_image: string }, count: number): string {
  const amount = (Number(price.micros_per_image) * count) / 1_000_000;
  return new Intl.NumberFormat('en', { style: 'currency', currency: price.currency }).format(amount);
}

function seconds(count: number): string {
  return count < 10 ? `${Math.round(count * 10) / 10} s` : duration(count * 1000);
}
