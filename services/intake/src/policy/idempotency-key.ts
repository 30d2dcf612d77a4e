/** Why an Idempotency-Key header cannot be used. */
export type KeyRefusal = 'missing' | 'repeated' | 'malformed';

export type ParsedKey =
  { readonly kind: 'key'; readonly key: string } | { readonly kind: 'refused'; readonly refusal: KeyRefusal };

const visible = /^[\x21-\x7e]{1,255}$/;
const escapes = /\\(["\\])/g;

/**
 * Reads the key from a request's raw headers (name, value, name, value, …), because only they show a header that was sent
 * twice. `"k"` (a structured-field string, as the IETF draft has it) and `k` are the same key.
 */
export function parseIdempotencyKey(rawHeaders: readonly string[]): ParsedKey {
  const sent = rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'idempotency-key',
  );
  const [header] = sent;
  if (header === undefined) return { kind: 'refused', refusal: 'missing' };
  if (sent.length > 1) return { kind: 'refused', refusal: 'repeated' };
  const key = unquoted(header.trim());
  if (key === '') return { kind: 'refused', refusal: 'missing' };
  if (key === undefined || !visible.test(key)) return { kind: 'refused', refusal: 'malformed' };
  return { kind: 'key', key };
}

function unquoted(text: string): string | undefined {
  if (!text.startsWith('"')) return text;
  if (text.length < 2 || !text.endsWith('"')) return undefined;
  const inner = text.slice(1, -1);
  const bare = inner.replace(escapes, '');
  if (bare.includes('"') || bare.includes('\\')) return undefined;
  return inner.replace(escapes, '$1');
}
