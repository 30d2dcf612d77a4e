import { statusGlossary } from '@darkroom/domain/status';
import type { Charge, Counts, Generation } from '../api/schemas.js';
import { type Filter, statusesOf } from '../address/address.js';

type Status = Generation['status'];

/** The API's own status words: what a person reads here is what is found in its reference and in a support agent's console. */
const statusWords: Record<Status, string> = {
  queued: 'Queued',
  processing: 'Processing',
  verifying: 'Verifying',
  succeeded: 'Succeeded',
  failed: 'Failed',
  canceled: 'Canceled',
};

/** What is waited for, where the API names no reason. */
const usualReasons: Record<Status, string> = {
  queued: 'Stored; about to be sent to the provider.',
  processing: 'The provider is working on it.',
  verifying: 'The pictures are downloaded and checked before they are shown.',
  succeeded: '',
  failed: '',
  canceled: '',
};

const filterWords: Record<Filter, string> = {
  all: 'All',
  open: 'In progress',
  succeeded: 'Succeeded',
  failed: 'Failed',
  canceled: 'Canceled',
};

const chargeWords: Record<Charge, string> = {
  none: 'It cost nothing.',
  possible: 'It may have cost money.',
  certain: 'It cost money.',
};

const glossary: Readonly<Record<string, string>> = statusGlossary;

export const wordsOf = (status: Status): string => statusWords[status];

export const wordsOfFilter = (filter: Filter): string => filterWords[filter];

export const chargeSentence = (charge: Charge): string => chargeWords[charge];

/** How many there are of what a filter shows. */
export function countOf(filter: Filter, counts: Counts): number {
  const statuses = statusesOf[filter];
  return statuses ? statuses.reduce((sum, status) => sum + counts[status], 0) : counts.total;
}

/** What it waits for, in the domain's glossary; without the seconds, which count down here (`nextStep`). */
export function reasonSentence({ status, status_reason: reason }: Generation): string {
  if (!reason) return usualReasons[status];
  const sentence = glossary[reason.code] ?? reason.message;
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
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

/** How far the vendor says it is; null where it says nothing. */
export function vendorPercent({ status, status_reason: reason, progress }: Generation): number | null {
  // With a reason, something else than the vendor's work is waited for.
  return status === 'processing' && !reason ? (progress?.percent ?? null) : null;
}

/** What the vendor says of its queue and its work, and what is usual. */
export function progressSentence(generation: Generation): string {
  const { status, status_reason: reason, progress } = generation;
  if (status !== 'processing' || reason || !progress) return '';
  const { queue_position: position, usual_seconds: usual } = progress;
  const percent = vendorPercent(generation);
  const parts = [
    percent !== null && percent > 0 ? `The provider reports ${percent}\u00a0%.` : '',
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
export function missingSentence({ artifacts, requested, prompt }: Generation): string {
  if (prompt === null) return '';
  return artifacts.length < requested.count ? `${artifacts.length} of ${requested.count} pictures.` : '';
}

export const isFinal = (generation: Generation): boolean =>
  generation.status === 'succeeded' || generation.status === 'failed' || generation.status === 'canceled';

export const isErased = (generation: Generation): boolean => generation.prompt === null;

export const canCancel = (generation: Generation): boolean =>
  (generation.status === 'queued' || generation.status === 'processing') &&
  generation.status_reason?.code !== 'canceling';

/** What did not end in pictures can be asked for once more, as long as it is known what it was. */
export const canTryAgain = (generation: Generation): boolean =>
  (generation.status === 'failed' || generation.status === 'canceled') && !isErased(generation);

/** What a person calls it. */
export const nameOf = (generation: Generation): string => generation.prompt ?? 'Erased';

/** Milliseconds from being asked for to the end. */
export const tookMs = ({ created_at, finished_at, updated_at }: Generation): number =>
  Date.parse(finished_at ?? updated_at) - Date.parse(created_at);

/** "4 s", "3 min", "2 h", "5 days". */
export function duration(milliseconds: number): string {
  const whole = Math.max(0, Math.round(milliseconds / 1000));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}

/** "$0.08", of millionths. */
export function moneyWords(currency: string, micros: string, times = 1): string {
  const amount = (Number(micros) * times) / 1_000_000;
  return new Intl.NumberFormat('en', { style: 'currency', currency }).format(amount);
}

/** "37 kB". */
export function bytesWords(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function seconds(count: number): string {
  return count < 10 ? `${Math.round(count * 10) / 10} s` : duration(count * 1000);
}
