/**
 * A vendor's text as it may be stored and shown: cut, without control characters (NUL breaks jsonb, escapes break
 * terminals and logs) and without lone surrogates. Escaping for a page or a header is done where it is shown.
 */
export function vendorText(value: unknown, maxLength: number): string {
  if (typeof value !== 'string') return '';
  return value
    .slice(0, maxLength)
    .replaceAll(/\p{Cc}/gu, ' ')
    .replaceAll(/\p{Surrogate}/gu, '\ufffd');
}

/** A vendor's job id, undefined where it is none that can be kept, sent back in a path and compared. */
export function vendorJobId(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z0-9._~:-]{1,200}$/.test(value) && !/^\.+$/.test(value)
    ? value
    : undefined;
}

/** A link that may be given to the egress client; what it leads to is checked there, on the socket. */
export function vendorLink(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 4_096) return undefined;
  if (!URL.canParse(value)) return undefined;
  const url = new URL(value);
  const web = url.protocol === 'https:' || url.protocol === 'http:';
  return web && url.username === '' && url.password === '' ? url.href : undefined;
}
