import { createHash, randomBytes } from 'node:crypto';

/** Which door a key opens: a tenant's API, or the operators'. */
export type ApiKeyPrefix = 'dk_test' | 'dk_live' | 'dk_ops';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const shape = /^(dk_test|dk_live|dk_ops)_([A-Za-z0-9_-]{16,200})$/;
const issued = /^(dk_(?:test|live|ops)_[0-9a-hjkmnp-tv-z]{26})([0-9a-hjkmnp-tv-z]{6})$/;

function digits(bytes: Uint8Array, count: number): string {
  // 32 divides 256: the low five bits of a random byte are uniform.
  return Array.from(bytes.subarray(0, count), (byte) => alphabet.charAt(byte & 31)).join('');
}

function checksum(body: string): string {
  return digits(createHash('sha256').update(body).digest(), 6);
}

/** A new key: prefix, 130 random bits, and a checksum by which leaked keys are told from other text. */
export function generateApiKey(prefix: ApiKeyPrefix): string {
  const body = `${prefix}_${digits(randomBytes(26), 26)}`;
  return body + checksum(body);
}

/** What is stored of a key. No salt and no stretching: a key is random, there is nothing to guess. */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** The key's prefix when it has the shape of one; keys that an installation chose for itself have no checksum. */
export function apiKeyPrefix(key: string): ApiKeyPrefix | undefined {
  const prefix = shape.exec(key)?.[1];
  return prefix === 'dk_test' || prefix === 'dk_live' || prefix === 'dk_ops' ? prefix : undefined;
}

/** Whether Darkroom made this key: for secret scanners, not for authentication. */
export function isIssuedApiKey(key: string): boolean {
  const [, body, sum] = issued.exec(key) ?? [];
  return body !== undefined && sum === checksum(body);
}
