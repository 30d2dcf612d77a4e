import type { Signer } from './signer.js';

/** Links keep their text for this long, so that pages and caches see one URL and not one per read. */
const stepSeconds = 300;
const maxLifeSeconds = 24 * 3600;

/** The path with `expires` and `signature`, valid without a key for at least `lifeSeconds`. `nowMs` is the clock. */
export function signContentLink(signer: Signer, path: string, nowMs: number, lifeSeconds = 3600): string {
  const expires = Math.ceil((nowMs / 1000 + lifeSeconds) / stepSeconds) * stepSeconds;
  return `${path}?expires=${expires}&signature=${signer.sign('content-link', `${path}\n${expires}`)}`;
}

/** Checks what `signContentLink` made. `absent`: the query holds neither, so another proof of identity is needed. */
export function verifyContentLink(
  signer: Signer,
  path: string,
  query: { readonly expires?: unknown; readonly signature?: unknown },
  nowMs: number,
): 'valid' | 'expired' | 'forged' | 'absent' {
  if (query.expires === undefined && query.signature === undefined) return 'absent';
  if (typeof query.expires !== 'string' || typeof query.signature !== 'string') return 'forged';
  if (!/^[1-9]\d{0,11}$/.test(query.expires)) return 'forged';
  if (!signer.verify('content-link', `${path}\n${query.expires}`, query.signature)) return 'forged';
  const left = Number(query.expires) - nowMs / 1000;
  return left > 0 && left <= maxLifeSeconds + stepSeconds ? 'valid' : 'expired';
}
