import type { OutputRejected } from './output-rejected.js';

/** Pauses between two looks at a link in trouble: half its age, within these. */
const shortestPauseMs = 1_000;
const longestPauseMs = 20_000;

/**
 * When to look at a link again after this rejection; undefined: not again. Only where its server is in trouble, which says
 * nothing of the picture that is paid for: a restart or an outage of the vendor's store must not cost it. The age of the link
 * is the only memory, so that it survives a restart of ours. Times are milliseconds since the epoch.
 */
export function lookAgainAt(
  { reason }: OutputRejected,
  link: { readonly givenAt: number },
  now: number,
  patienceMs: number,
): number | undefined {
  if (reason !== 'REJECTION_REASON_DOWNLOAD_FAILED') return undefined;
  const age = Math.max(0, now - link.givenAt);
  if (age >= patienceMs) return undefined;
  return now + Math.min(longestPauseMs, Math.max(shortestPauseMs, age / 2));
}
