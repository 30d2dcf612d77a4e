import { createHash, createPublicKey, verify } from 'node:crypto';
import { answerHeader } from '../answer-header.js';
import { readBoundedJson } from '../bounded-json.js';
import type { WebhookDelivery, WebhookNews, WebhookVerdict } from '../provider-adapter.js';
import { vendorJobId } from '../vendor-text.js';
import { failureOfPayload } from './classifier.js';
import { openState, stateOfResult } from './result.js';
import { keySetSchema, webhookSchema } from './schemas.js';

/** The result, as large as an app makes it. */
export const maxFalWebhookBytes = 16 * 1024 * 1024;
const toleranceSeconds = 300;

/**
 * Ed25519 over request id, user id, time and the body's hash (docs.fal.ai, webhooks). Nothing of an unsigned body is read.
 * @param keys the vendor's public keys, base64url
 */
export function verifyFalWebhook(
  { headers, rawBody }: WebhookDelivery,
  keys: readonly string[],
  now: number,
): WebhookVerdict {
  const [requestId = '', userId, timestamp, signature] = [
    'request-id',
    'user-id',
    'timestamp',
    'signature',
  ].map((name) => answerHeader(headers, `x-fal-webhook-${name}`));
  // What is kept of it is its name, and goes where names go.
  const isWhole =
    /^[\x21-\x7e]{1,256}$/.test(requestId) &&
    userId &&
    /^\d{1,12}$/.test(timestamp ?? '') &&
    /^[0-9a-f]{128}$/i.test(signature ?? '');
  if (!isWhole) return { kind: 'refused', reason: 'headers_missing' };
  if (Math.abs(Number(timestamp) - now / 1_000) > toleranceSeconds)
    return { kind: 'refused', reason: 'timestamp_out_of_range' };
  const hash = createHash('sha256').update(rawBody).digest('hex');
  const message = Buffer.from([requestId, userId, timestamp, hash].join('\n'), 'utf8');
  const given = Buffer.from(signature ?? '', 'hex');
  if (!keys.some((x) => verifies(x, message, given)))
    return { kind: 'refused', reason: 'signature_mismatch' };
  const news = readFalNotification(rawBody);
  return news === undefined
    ? { kind: 'refused', reason: 'unreadable' }
    : { kind: 'verified', notificationId: requestId, ...news };
}

function verifies(x: string, message: Buffer, signature: Buffer): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, message, key, signature);
  } catch {
    return false;
  }
}

/** The keys of the vendor's key set. */
export function readFalKeys(body: Uint8Array): string[] {
  const json = readBoundedJson(body, 256 * 1024);
  const set = json.ok ? keySetSchema.safeParse(json.value) : undefined;
  const keys = set?.success ? set.data.keys : [];
  return keys.flatMap(({ kty, crv, x }) =>
    kty === 'OKP' && crv === 'Ed25519' && x !== undefined ? [x] : [],
  );
}

/** What came of a request. A result that could not be put into the webhook is still to be fetched. */
export function readFalNotification(rawBody: Uint8Array): WebhookNews | undefined {
  const json = readBoundedJson(rawBody, maxFalWebhookBytes);
  const told = json.ok ? webhookSchema.safeParse(json.value) : undefined;
  const jobId = told?.success ? vendorJobId(told.data.request_id) : undefined;
  if (!told?.success || jobId === undefined) return undefined;
  const { status, payload, error } = told.data;
  const open = openState({ status });
  const word = status.toUpperCase();
  if (word === 'ERROR') return { jobId, reference: null, state: failureOfPayload(payload, error) ?? open };
  const state = word === 'OK' && payload !== null ? (stateOfResult(payload) ?? open) : open;
  return { jobId, reference: null, state };
}
