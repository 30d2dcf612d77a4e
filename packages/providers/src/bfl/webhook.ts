import { createHmac, timingSafeEqual } from 'node:crypto';
import { answerHeader } from '../answer-header.js';
import { readBoundedJson } from '../bounded-json.js';
import type { WebhookDelivery, WebhookNews, WebhookVerdict } from '../provider-adapter.js';
import { usualWebhookBytes } from '../provider-adapter.js';
import { vendorJobId, vendorText } from '../vendor-text.js';
import { taskSchema } from './schemas.js';
import { readState } from './task.js';

/**
 * `sha256=` and the HMAC of the body alone, by the secret that was sent with the submit: neither an id nor a time is signed. Who plays one
 * back tells nothing new, as a webhook of this vendor is a hint that is polled before it is believed.
 */
export function verifyBflWebhook(
  { headers, rawBody }: WebhookDelivery,
  secrets: readonly string[],
): WebhookVerdict {
  const said = answerHeader(headers, 'x-bfl-signature');
  if (said === undefined) return { kind: 'refused', reason: 'headers_missing' };
  const given = Buffer.from(said.replace(/^sha256=/, ''), 'hex');
  const isGenuine = secrets.some((secret) => {
    const expected = createHmac('sha256', secret).update(rawBody).digest();
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  if (!isGenuine) return { kind: 'refused', reason: 'signature_mismatch' };
  const read = readTask(rawBody);
  return read === undefined
    ? { kind: 'refused', reason: 'unreadable' }
    : { kind: 'verified', notificationId: `${read.news.jobId}:${read.status}`, ...read.news };
}

/** What a webhook tells of its task. */
export function readBflNotification(rawBody: Uint8Array): WebhookNews | undefined {
  return readTask(rawBody)?.news;
}

function readTask(rawBody: Uint8Array): { readonly news: WebhookNews; readonly status: string } | undefined {
  const json = readBoundedJson(rawBody, usualWebhookBytes);
  const task = json.ok ? taskSchema.safeParse(json.value) : undefined;
  const jobId = task?.success ? vendorJobId(task.data.id) : undefined;
  if (!task?.success || jobId === undefined) return undefined;
  const state = readState(task.data);
  return { news: { jobId, reference: null, state }, status: vendorText(task.data.status, 60) };
}
