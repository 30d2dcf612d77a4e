import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a signature is for; one made for one purpose is worthless for another. */
export type SigningPurpose =
  'content-link' | 'webhook-token' | 'webhook-secret' | 'cursor' | 'request-fingerprint' | 'session';

/** HMAC-SHA256 with rotation: the first secret signs, all of them verify. */
export interface Signer {
  /** base64url. */
  sign(purpose: SigningPurpose, text: string): string;
  verify(purpose: SigningPurpose, text: string, signature: string): boolean;
  /** What each of the secrets would sign it with, the newest first. */
  all(purpose: SigningPurpose, text: string): string[];
}

/** A signer over the installation's secrets, newest first. */
export function createSigner(secrets: readonly [string, ...string[]]): Signer {
  const keys = new Map<string, Buffer>();
  const keyFor = (secret: string, purpose: SigningPurpose): Buffer => {
    const name = `${purpose}:${secret}`;
    const key = keys.get(name) ?? createHmac('sha256', secret).update(`darkroom:${purpose}`).digest();
    keys.set(name, key);
    return key;
  };
  const mac = (secret: string, purpose: SigningPurpose, text: string): Buffer =>
    createHmac('sha256', keyFor(secret, purpose)).update(text).digest();
  return {
    sign: (purpose, text) => mac(secrets[0], purpose, text).toString('base64url'),
    all: (purpose, text) => secrets.map((secret) => mac(secret, purpose, text).toString('base64url')),
    verify: (purpose, text, signature) => {
      const given = Buffer.from(signature, 'base64url');
      // Decoding is lenient; the canonical form is not, so that one link has one spelling.
      if (given.length !== 32 || given.toString('base64url') !== signature) return false;
      return secrets.some((secret) => timingSafeEqual(mac(secret, purpose, text), given));
    },
  };
}
