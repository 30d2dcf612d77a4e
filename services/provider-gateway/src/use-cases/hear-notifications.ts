import { attemptOf } from '@darkroom/domain';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { newsOfState } from '../policy/vendor-news.js';
import { hearVendor } from './hear-vendor.js';
import type { LoadedGeneration } from './load-generation.js';
import { linkEnd } from './submit-outcome.js';

/**
 * Hears the webhooks that came since the row was last moved. Only signed ones are believed; where the vendor can be polled
 * they tell that a job exists, and the poll tells the rest.
 */
export async function hearNotifications(
  ports: GatewayPorts,
  job: Job,
  loaded: LoadedGeneration,
): Promise<boolean> {
  let changed = false;
  for (const event of loaded.events) {
    if (event.type !== 'ProviderNotified' || event.version <= job.claim.foldedVersion) continue;
    const attempt = attemptOf(loaded.state, event.data.attempt);
    const access = attempt === undefined ? undefined : ports.accessTo(attempt.model);
    const { body } = event.data;
    if (attempt === undefined || access === undefined || body === undefined || !event.data.signed) continue;
    const told = access.adapter.readNotification(Buffer.from(body, 'utf8'));
    if (told === undefined) continue;
    const news =
      access.sheet.poll === 'get'
        ? ({ kind: 'accepted', jobId: told.jobId } as const)
        : newsOfState(told.jobId, told.state, new Map(), linkEnd(access, ports.now()));
    const heard = await hearVendor(ports, job, access, attempt, news);
    changed ||= heard.outcome === 'appended';
    if (heard.outcome === 'appended' && heard.released) return true;
  }
  return changed;
}
