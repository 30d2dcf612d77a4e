import { createHash, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import type { WebhookDelivery } from '../provider-adapter.js';

/** A delivery that its vendor signed, and with what. */
export interface Genuine {
  readonly delivery: WebhookDelivery;
  readonly secrets: readonly string[];
}

/** When they were sent, milliseconds since the epoch. */
export const deliveredAt = 1_800_000_000_000;
const seconds = String(deliveredAt / 1_000);

/** What anybody may send who knows the address. */
export const unsigned = (rawBody: Uint8Array): Genuine => ({
  delivery: { headers: {}, rawBody },
  secrets: [],
});

/** Standard Webhooks 1.0. */
export function standardWebhook(rawBody: Uint8Array): Genuine {
  const key = Buffer.alloc(24, 7);
  const signature = createHmac('sha256', key).update(`msg_1.${seconds}.`).update(rawBody).digest('base64');
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': seconds,
    'webhook-signature': `v1,${signature}`,
  };
  return { delivery: { headers, rawBody }, secrets: [`whsec_${key.toString('base64')}`] };
}

/** An HMAC of the body alone. */
export function bflWebhook(rawBody: Uint8Array): Genuine {
  const signature = createHmac('sha256', 'a-secret').update(rawBody).digest('hex');
  return {
    delivery: { headers: { 'x-bfl-signature': `sha256=${signature}` }, rawBody },
    secrets: ['a-secret'],
  };
}

/** A bearer token. */
export function cogWebhook(rawBody: Uint8Array): Genuine {
  const token = 'a-token-of-the-server';
  return { delivery: { headers: { authorization: `Bearer ${token}` }, rawBody }, secrets: [token] };
}

const falKeys = generateKeyPairSync('ed25519');

/** Ed25519. @param requestId as the header has it, which is signed too */
export function falWebhook(rawBody: Uint8Array, requestId = 'job-1'): Genuine {
  const hash = createHash('sha256').update(rawBody).digest('hex');
  const signature = sign(
    null,
    Buffer.from([requestId, 'user', seconds, hash].join('\n')),
    falKeys.privateKey,
  );
  const headers = {
    'x-fal-webhook-request-id': requestId,
    'x-fal-webhook-user-id': 'user',
    'x-fal-webhook-timestamp': seconds,
    'x-fal-webhook-signature': signature.toString('hex'),
  };
  return { delivery: { headers, rawBody }, secrets: [falKeys.publicKey.export({ format: 'jwk' }).x ?? ''] };
}
