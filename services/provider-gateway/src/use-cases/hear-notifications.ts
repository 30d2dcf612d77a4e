import { attemptOf, decide, type VendorNews } from '@darkroom/domain';
import type { WebhookNews } from '@darkroom/providers';
import type { ModelAccess } from '../accounts.js';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { newsOfState } from '../policy/vendor-news.js';
import { hearVendor } from './hear-vendor.js';
import type { LoadedGeneration } from './load-generation.js';
import { again, type Next } from './next.js';
import { linkEnd } from './submit-outcome.js';

/**
 * Hears every webhook on record that still tells something: one may have come before its submit's answer, or while somebody
 * else held the row. Only signed ones are believed. Null: there is nothing to learn.
 */
export async function hearNotifications(
  ports: GatewayPorts,
  job: Job,
  { events, state }: LoadedGeneration,
): Promise<Next | null> {
  for (const event of events) {
    if (event.type !== 'ProviderNotified' || !event.data.signed) continue;
    const attempt = attemptOf(state, event.data.attempt);
    const access = attempt === undefined ? undefined : ports.accessTo(attempt.model);
    const { body } = event.data;
    if (attempt === undefined || access === undefined || body === undefined) continue;
    const told = access.adapter.readNotification(Buffer.from(body, 'utf8'));
    if (told === undefined) continue;
    const news = newsOf(ports, access, told);
    const command = {
      type: 'hear',
      now: ports.now(),
      attempt: attempt.number,
      news,
      contract: access.sheet,
      random: 0,
    } as const;
    if (decide(command, state).kind === 'refused') continue;
    const heard = await hearVendor(ports, job, state, access, attempt, news, { mayRest: false });
    if (heard.outcome === 'fenced') return 'released';
    if (heard.outcome === 'appended') return heard.released ? 'released' : again;
  }
  return null;
}

/** Where the vendor can be asked a webhook tells that a job exists, and the poll tells the rest. */
function newsOf(ports: GatewayPorts, access: ModelAccess, told: WebhookNews): VendorNews {
  const { jobId, state } = told;
  return access.sheet.poll === 'get' || state.kind === 'open'
    ? { kind: 'accepted', jobId }
    : newsOfState(jobId, state, new Map(), linkEnd(access, ports.now()));
}
