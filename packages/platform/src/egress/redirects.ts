import { DownloadError } from './egress.js';

/** Head of one hop's answer; `discard` drops its body and its connection. */
export interface HopHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  discard(): Promise<void>;
}

export interface Hop {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** 0: what was asked for. From 1 on allowances do not hold: a redirect must lead to a public address. */
  readonly redirects: number;
}

const redirecting = new Set([301, 302, 303, 307, 308]);
const credentials = new Set(['authorization', 'proxy-authorization', 'cookie', 'x-api-key', 'api-key']);

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !credentials.has(name.toLowerCase())));
}

/**
 * Follows redirects by hand, so that each hop is opened, and so checked, like a first call.
 * @throws DownloadError
 */
export async function followRedirects<Head extends HopHead>(
  first: { readonly url: string; readonly headers: Readonly<Record<string, string>> },
  maxRedirects: number,
  open: (hop: Hop) => Promise<Head>,
): Promise<{ head: Head; hop: Hop }> {
  let hop: Hop = { ...first, redirects: 0 };
  for (;;) {
    const head = await open(hop);
    if (!redirecting.has(head.status)) return { head, hop };
    await head.discard();
    const { location } = head.headers;
    if (location === undefined || !URL.canParse(location, hop.url))
      throw new DownloadError('malformed', 'a redirect to nowhere');
    if (hop.redirects >= maxRedirects)
      throw new DownloadError('too_many_redirects', `more than ${maxRedirects} redirects`);
    const next = new URL(location, hop.url);
    const sameOrigin = next.origin === new URL(hop.url).origin;
    hop = {
      url: next.href,
      headers: sameOrigin ? hop.headers : withoutCredentials(hop.headers),
      redirects: hop.redirects + 1,
    };
  }
}
