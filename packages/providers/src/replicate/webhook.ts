import type { WebhookDelivery, WebhookNews, WebhookVerdict } from '../provider-adapter.js';
import { readPredictionNews } from '../predictions/read-prediction.js';
import { verifyStandardWebhook } from '../standard-webhook.js';

/** The prediction, with logs that have no bound of their own. */
export const maxReplicateWebhookBytes = 16 * 1024 * 1024;

/** The signature first, and its age, which the vendor's own client does not look at; nothing of an unsigned body is read. */
export function verifyReplicateWebhook(
  delivery: WebhookDelivery,
  secrets: readonly string[],
  now: number,
): WebhookVerdict {
  const signature = verifyStandardWebhook(delivery, secrets, now);
  if (signature.kind === 'refused') return signature;
  const news = readReplicateNotification(delivery.rawBody);
  return news === undefined
    ? { kind: 'refused', reason: 'unreadable' }
    : { kind: 'verified', notificationId: signature.id, ...news };
}

/** The body of a webhook is the prediction. */
export function readReplicateNotification(rawBody: Uint8Array): WebhookNews | undefined {
  return readPredictionNews(rawBody, maxReplicateWebhookBytes);
}
