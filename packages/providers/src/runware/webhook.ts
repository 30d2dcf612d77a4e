import type { WebhookDelivery, WebhookNews, WebhookVerdict } from '../provider-adapter.js';
import { usualWebhookBytes } from '../provider-adapter.js';
import { itemsOf, onlyTask, readEnvelope } from './envelope.js';
import { failureOf, readState } from './task.js';

/**
 * Nothing is signed: who knows the address, in which the attempt's token is, is heard. What is heard is a hint that there is a task; how it
 * stands the poll says.
 */
export function verifyRunwareWebhook({ rawBody }: WebhookDelivery): WebhookVerdict {
  const news = readRunwareNotification(rawBody);
  return news === undefined
    ? { kind: 'refused', reason: 'unreadable' }
    : { kind: 'verified', notificationId: `${news.jobId}:${news.state.kind}`, ...news };
}

/** The body of a webhook is that of an answer, and tells of one task. */
export function readRunwareNotification(rawBody: Uint8Array): WebhookNews | undefined {
  const envelope = readEnvelope(rawBody, usualWebhookBytes);
  if (envelope.kind === 'unreadable') return undefined;
  const { items, errors } = envelope;
  const jobId = onlyTask([...items, ...errors]);
  if (jobId === undefined) return undefined;
  const ours = itemsOf(items, jobId);
  return { jobId, reference: null, state: ours === undefined ? failureOf(errors[0]) : readState(ours) };
}
