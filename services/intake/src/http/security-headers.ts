/** Of answers that are no pages: nothing in them may run or be framed. */
const dataPolicy = "default-src 'none'; frame-ancestors 'none'";

/** Of our own pages: everything comes from here and nothing from another host, but for pictures that are kept at one. */
export const pagePolicyWith = (picturesAt: string | undefined): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' data: blob:${picturesAt === undefined ? '' : ` ${picturesAt}`}`,
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');

export const pagePolicy = pagePolicyWith(undefined);

/** Of the API reference: its viewer writes styles into its elements. */
export const referencePolicy = pagePolicy.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'");

/** What every answer carries; a controller may replace one. */
export const securityHeaders = {
  'content-security-policy': dataPolicy,
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
} as const;
