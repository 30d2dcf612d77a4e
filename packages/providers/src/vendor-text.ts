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

/** What a vendor declares an image to be, which goes into headers as well; empty where it is none. */
export function vendorMediaType(value: unknown): string {
  const [type = ''] = typeof value === 'string' ? value.slice(0, 200).toLowerCase().split(';') : [];
  return /^[a-z]{1,20}\/[a-z0-9.+-]{1,80}$/.test(type.trim()) ? type.trim() : '';
}

/** A vendor's job id, undefined where it is none that can be kept, sent back in a path and compared. */
export function vendorJobId(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z0-9._~:-]{1,200}$/.test(value) && !/^\.+$/.test(value)
    ? value
    : undefined;
}

const longestLink = 4_096;

/** Whole links say how they are spoken to. */
const scheme = /^[a-z][a-z0-9+.-]*:/i;

/** A link that may be given to the egress client; what it leads to is checked there, on the socket. */
export function vendorLink(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > longestLink || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  return isOfWeb(url) ? url.href : undefined;
}

/** The same, or one that is relative to the host that was asked. */
export function vendorLinkOrPath(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > longestLink) return undefined;
  const link = value.trim();
  // `https:` alone is whole and leads nowhere, yet a base of that scheme would complete it.
  if (scheme.test(link)) return vendorLink(link);
  const base = 'https://host.example';
  const isLink = link !== '' && !/[\p{Cc}\p{Surrogate}]/u.test(link) && URL.canParse(link, base);
  return isLink && isOfWeb(new URL(link, base)) ? link : undefined;
}

function isOfWeb({ protocol, username, password, href }: URL): boolean {
  const isWeb = protocol === 'https:' || protocol === 'http:';
  // Escapes make it longer.
  return isWeb && username === '' && password === '' && href.length <= longestLink;
}
