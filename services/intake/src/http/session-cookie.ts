/** A host-only cookie that no script can read and no other site can make the browser send. */
const name = 'darkroom_session';

/** The session's token in a Cookie header; undefined where there is none. */
export function readSessionCookie(header: string | undefined): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const [key, value, ...rest] = pair.trim().split('=');
    if (key === name && value !== undefined && rest.length === 0) return value;
  }
  return undefined;
}

/** The Set-Cookie header's value. `secure`: the page was loaded over TLS. */
export function sessionCookie(token: string, maxAgeSeconds: number, secure: boolean): string {
  const attributes = [
    `${name}=${token}`,
    'Path=/',
    `Max-Age=${maxAgeSeconds}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(secure ? ['Secure'] : []),
  ];
  return attributes.join('; ');
}
