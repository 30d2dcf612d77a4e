import type { Signer } from '@darkroom/platform';
import canonicalize from 'canonicalize';

/** What two sendings of one request have in common. */
export interface RequestFingerprint {
  /** Keyed hash, to be stored. Keyed, because a plain hash of a prompt could be guessed. */
  readonly value: string;
  /** Whether a stored one is of the same request, also when it was made with a former secret. */
  matches(stored: string): boolean;
}

/**
 * Fingerprint of what the client sent: RFC 8785 of the parsed body, before trimming and defaults, so that a reordered body is
 * the same request, and a new default does not make an old request a new one.
 */
export function requestFingerprint(signer: Signer, body: unknown): RequestFingerprint {
  const canonical = canonicalize(body);
  if (canonical === undefined) throw new TypeError('a request body is a JSON value');
  return {
    value: signer.sign('request-fingerprint', canonical),
    matches: (stored) => signer.verify('request-fingerprint', canonical, stored),
  };
}
