/** Longest time a request is held. */
export const longestWaitSeconds = 60;

/**
 * Seconds that `Prefer: wait=N` (RFC 7240) asks for, clamped to the longest; undefined where it does not ask or makes no
 * sense: a preference that cannot be honoured is ignored, never an error.
 */
export function parsePreferWait(header: string | readonly string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  const text = typeof header === 'string' ? header : header.join(',');
  for (const preference of text.split(',')) {
    const match = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;.*)?$/i.exec(preference);
    if (match?.[1] !== undefined) return Math.min(Number(match[1]), longestWaitSeconds);
  }
  return undefined;
}
