/** Host names that mean this machine; a page elsewhere cannot claim them by DNS. */
const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

const hostUrl = (host: string | undefined): URL | undefined =>
  host !== undefined && /^[\w.:[\]-]{1,255}$/.test(host) ? urlOf(`http://${host}`) : undefined;

/** Whether a Host header names this machine itself. */
export function isLoopbackHost(host: string | undefined): boolean {
  const url = hostUrl(host);
  return url !== undefined && loopbackNames.has(url.hostname);
}

/** Whether a Host header is one of ours: loopback, or that of our public URL. */
export function isOwnHost(host: string | undefined, publicUrl: string | undefined): boolean {
  if (isLoopbackHost(host)) return true;
  const own = publicUrl === undefined ? undefined : urlOf(publicUrl);
  return own !== undefined && host?.toLowerCase() === own.host;
}

/**
 * Whether a write that rides on a cookie comes from a page of ours. Browsers send Origin with every write; one that is
 * absent or foreign is refused. A proxy may end TLS before us, so that the scheme is not compared with the Host header's.
 */
export function isOwnOrigin(
  origin: string | undefined,
  host: string | undefined,
  publicUrl: string | undefined,
): boolean {
  if (!isOwnHost(host, publicUrl) || origin === undefined) return false;
  const from = urlOf(origin);
  if (from === undefined || (from.protocol !== 'http:' && from.protocol !== 'https:')) return false;
  return (
    from.host === host?.toLowerCase() || (publicUrl !== undefined && from.origin === urlOf(publicUrl)?.origin)
  );
}
