import { createHash } from 'node:crypto';

/** Weak tag over what a body depends on. */
export function weakEntityTag(...parts: readonly (string | number)[]): string {
  return `W/"${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)}"`;
}

/** Whether If-None-Match names this tag, by weak comparison (RFC 9110 §13.1.2). */
export function matchesEntityTag(header: string | readonly string[] | undefined, tag: string): boolean {
  if (header === undefined) return false;
  const text = typeof header === 'string' ? header : header.join(',');
  if (text.trim() === '*') return true;
  const opaque = tag.replace(/^W\//, '');
  return (text.match(/(?:W\/)?"[^"]*"/g) ?? []).some((sent) => sent.replace(/^W\//, '') === opaque);
}
