import { createHash, timingSafeEqual } from 'node:crypto';
import { answerHeader } from '../answer-header.js';
import { readPredictionNews } from '../predictions/read-prediction.js';
import type { WebhookDelivery, WebhookNews, WebhookVerdict } from '../provider-adapter.js';

/** Four images of the largest size as data URLs, as drawings and photographs are packed: noise would not fit. */
export const maxCogWebhookBytes = 64 * 1024 * 1024;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * The server signs nothing: it says the bearer token that it was started with (`WEBHOOK_AUTH_TOKEN`), to the address alone that the
 * attempt was sent with. Both must hold, as this is the only word that there is of the end.
 */
export function verifyCogWebhook(
  { headers, rawBody }: WebhookDelivery,
  secrets: readonly string[],
): WebhookVerdict {
  const said = answerHeader(headers, 'authorization');
  if (said === undefined) return { kind: 'refused', reason: 'headers_missing' };
  const isOurs = secrets.some((secret) => timingSafeEqual(digest(`Bearer ${secret}`), digest(said)));
  if (!isOurs) return { kind: 'refused', reason: 'signature_mismatch' };
  const news = readCogNotification(rawBody);
  return news === undefined
    ? { kind: 'refused', reason: 'unreadable' }
    : { kind: 'verified', notificationId: news.jobId, ...news };
}

/** The body of a webhook is the prediction, without its input. */
export function readCogNotification(rawBody: Uint8Array): WebhookNews | undefined {
  return readPredictionNews(rawBody, maxCogWebhookBytes);
}

/** Less could be guessed. */
export function isCogWebhookToken(secret: string): boolean {
  return /^[\x21-\x7e]{16,512}$/.test(secret);
}
