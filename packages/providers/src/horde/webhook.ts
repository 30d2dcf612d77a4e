import { readBoundedJson } from '../bounded-json.js';
import type { WebhookDelivery, WebhookNews, WebhookVerdict } from '../provider-adapter.js';
import { usualWebhookBytes } from '../provider-adapter.js';
import { vendorJobId } from '../vendor-text.js';
import { openState } from './request-state.js';
import { webhookSchema } from './schemas.js';

/** Nothing is signed: who knows the address, in which the attempt's token is, is heard. What is heard is a hint, and the poll tells the rest. */
export function verifyHordeWebhook({ rawBody }: WebhookDelivery): WebhookVerdict {
  const told = readWebhook(rawBody);
  return told === undefined
    ? { kind: 'refused', reason: 'unreadable' }
    : { kind: 'verified', notificationId: `${told.news.jobId}:${told.picture}`, ...told.news };
}

/** That one picture is there, which says nothing of the others: of which request it is. */
export function readHordeNotification(rawBody: Uint8Array): WebhookNews | undefined {
  return readWebhook(rawBody)?.news;
}

function readWebhook(
  rawBody: Uint8Array,
): { readonly news: WebhookNews; readonly picture: string } | undefined {
  const json = readBoundedJson(rawBody, usualWebhookBytes);
  const told = json.ok ? webhookSchema.safeParse(json.value).data : undefined;
  const [jobId, picture] = [vendorJobId(told?.request), vendorJobId(told?.id)];
  if (jobId === undefined || picture === undefined) return undefined;
  return { news: { jobId, reference: null, state: openState({ done: false, processing: 1 }) }, picture };
}
