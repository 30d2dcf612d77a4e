import { answerHeader } from '../answer-header.js';
import type { VendorAnswer } from '../provider-adapter.js';

const unitSeconds: Readonly<Record<string, number>> = { h: 3_600, m: 60, s: 1, ms: 0.001 };
const duration = /^(?:\d{1,9}(?:\.\d{1,9})?(?:ms|h|m|s))+$/;

/** A duration as Go writes it: `20ms`, `1s`, `6m0s`. */
export function secondsOf(text: string): number | undefined {
  if (!duration.test(text)) return undefined;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)].reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (unitSeconds[unit] ?? 0),
    0,
  );
}

/** Seconds for which the account has no request left, as an answer's headers say; undefined: it has, or they do not say. */
export function restAfter({ headers }: VendorAnswer): number | undefined {
  if (answerHeader(headers, 'x-ratelimit-remaining-requests')?.trim() !== '0') return undefined;
  return secondsOf(answerHeader(headers, 'x-ratelimit-reset-requests')?.trim() ?? '');
}
