import { readBoundedJson } from '../bounded-json.js';
import {
  usualWebhookBytes,
  type WebhookDelivery,
  type WebhookNews,
  type WebhookVerdict,
} from '../provider-adapter.js';
import { verifyStandardWebhook } from '../standard-webhook.js';
import { vendorJobId } from '../vendor-text.js';
import { readJobState } from './job-state.js';
import { jobSchema } from './schemas.js';

/** The signature first; nothing of an unsigned body is read. */
export function verifySimulatorWebhook(
  delivery: WebhookDelivery,
  secrets: readonly string[],
  now: number,
): WebhookVerdict {
  const signature = verifyStandardWebhook(delivery, secrets, now);
  if (signature.kind === 'refused') return signature;
  const news = readSimulatorNotification(delivery.rawBody);
  return news === undefined
    ? { kind: 'refused', reason: 'unreadable' }
    : { kind: 'verified', notificationId: signature.id, ...news };
}

/** The body of a webhook is the job. */
export function readSimulatorNotification(rawBody: Uint8Array): WebhookNews | undefined {
  const json = readBoundedJson(rawBody, usualWebhookBytes);
  const job = json.ok ? jobSchema.safeParse(json.value) : undefined;
  const jobId = job?.success ? vendorJobId(job.data.id) : undefined;
  if (!job?.success || jobId === undefined) return undefined;
  return { jobId, reference: job.data.reference ?? null, state: readJobState(job.data) };
}
