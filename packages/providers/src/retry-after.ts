/** Longest wait that a vendor can impose. */
const longest = 300;

/**
 * Seconds to wait, from a Retry-After header (RFC 9110: seconds, or a date). Clamped to 0..300, a date in the past is 0,
 * and what makes no sense is null.
 */
export function retryAfterSeconds(value: string | undefined, now: number): number | null {
  const text = value?.trim() ?? '';
  // Vendors do send fractions.
  if (/^\d{1,20}(\.\d{1,6})?$/.test(text)) return Math.min(longest, Math.ceil(Number(text)));
  if (!/^[A-Za-z]{3,9},? /.test(text)) return null;
  const at = Date.parse(text);
  if (Number.isNaN(at)) return null;
  return Math.min(longest, Math.max(0, Math.ceil((at - now) / 1_000)));
}
