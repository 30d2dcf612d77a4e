import { createHmac, timingSafeEqual } from 'node:crypto';
import { answerHeader } from './answer-header.js';
import type { WebhookDelivery, WebhookRefusal } from './provider-adapter.js';

/** How far a delivery's time may lie from ours. */
const toleranceSeconds = 300;

export type SignatureVerdict = { kind: 'verified'; id: string } | { kind: 'refused'; reason: WebhookRefusal };

/** Checks a Standard Webhooks 1.0 signature (`v1`, HMAC-SHA256) over the bytes as they came. */
export function verifyStandardWebhook(
  { headers, rawBody }: WebhookDelivery,
  secrets: readonly string[],
  now: number,
): SignatureVerdict {
  const id = answerHeader(headers, 'webhook-id');
  const timestamp = answerHeader(headers, 'webhook-timestamp');
  const signatures = answerHeader(headers, 'webhook-signature');
  if (!id || !timestamp || !signatures || !/^[\x21-\x7e]{1,256}$/.test(id) || !/^\d{1,12}$/.test(timestamp)) {
    return { kind: 'refused', reason: 'headers_missing' };
  }
  if (Math.abs(Number(timestamp) - now / 1_000) > toleranceSeconds) {
    return { kind: 'refused', reason: 'timestamp_out_of_range' };
  }
  // A sender that rotates its secret signs with each: a few, never hundreds.
  const given = signatures
    .split(' ')
    .slice(0, 8)
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => Buffer.from(signature.slice(3), 'base64'));
  const genuine = secrets.some((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(rawBody).digest();
    return given.some(
      (signature) => signature.length === expected.length && timingSafeEqual(signature, expected),
    );
  });
  return genuine ? { kind: 'verified', id } : { kind: 'refused', reason: 'signature_mismatch' };
}

/** `whsec_` and the base64 of at least 16 bytes: less signs nothing. */
export function isStandardWebhookSecret(secret: string): boolean {
  return /^whsec_[A-Za-z0-9+/]{22,}={0,2}$/.test(secret);
}
