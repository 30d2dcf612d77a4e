import { type Attempt, attemptOf, decide, type EventOf, isOtherJob, type VendorNews } from '@darkroom/domain';
import type { WebhookNews } from '@darkroom/providers';
import type { ModelAccess } from '../accounts.js';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { newsOfState } from '../policy/vendor-news.js';
import { hearVendor } from './hear-vendor.js';
import type { LoadedGeneration } from './load-generation.js';
import { again, type Next } from './next.js';
import { newsOfJob } from './submit-outcome.js';
import { throughOutages } from './through-outages.js';

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
    const access = attempt === undefined ? undefined : ports.accessTo(attempt.model, attempt.account);
    if (attempt === undefined || access === undefined) continue;
    const body = await bodyOf(ports, job, state.erased, attempt, event.data);
    const told = body === null ? undefined : access.adapter.readNotification(body);
    if (told === undefined) continue;
    if (isAnybodys(attempt, told)) {
      // Said as it comes, and not with each look at what is on record.
      if (event.version === state.version)
        ports.logger.warn(
          { generation: job.claim.generation, attempt: attempt.number },
          'a webhook tells of another job than the one that is known; it stays on record alone',
        );
      continue;
    }
    const about = {
      type: 'hear',
      now: ports.now(),
      attempt: attempt.number,
      contract: access.sheet,
    } as const;
    // Pictures are put away only where they are news.
    const inShort = newsInShort(access, told);
    if (decide({ ...about, news: inShort, random: 0 }, state).kind === 'refused') continue;
    const news =
      inShort.kind === 'produced'
        ? await newsOfJob(ports, job.claim.generation, access, attempt, told.jobId, told.state)
        : inShort;
    const heard = await hearVendor(ports, job, state, access, attempt, news, { mayRest: false });
    if (heard.outcome === 'fenced') return 'released';
    if (heard.outcome === 'appended') return heard.released ? 'released' : again;
  }
  return null;
}

/** A job other than the attempt's own: only our reference proves that it is ours as well. */
const isAnybodys = (attempt: Attempt, { jobId, reference }: WebhookNews): boolean =>
  isOtherJob(attempt, jobId) && reference !== attempt.reference;

/** Null: there is none any more, or it is not worth fetching. */
async function bodyOf(
  ports: GatewayPorts,
  job: Job,
  isErased: boolean,
  attempt: Attempt,
  { body, stagingKey, bodySha256 }: EventOf<'ProviderNotified'>['data'],
): Promise<Buffer | null> {
  if (body !== undefined) return Buffer.from(body, 'utf8');
  const isEnded = attempt.status === 'produced' || attempt.status === 'failed';
  if (stagingKey === '' || isEnded || isErased) return null;
  const { generation } = job.claim;
  const staged = await throughOutages(ports, generation, async () => ports.staging.getWebhook(stagingKey));
  if (staged === null)
    ports.logger.error(
      { generation, attempt: attempt.number, bodySha256 },
      'a webhook is gone that was kept',
    );
  return staged;
}

/** Where the vendor can be asked a webhook tells that a job exists, and the poll tells the rest. */
function newsInShort(access: ModelAccess, told: WebhookNews): VendorNews {
  const { jobId, state } = told;
  return access.sheet.poll === 'get' || state.kind === 'open'
    ? { kind: 'accepted', jobId }
    : newsOfState(jobId, state, new Map(), { expiresAt: null, baseUrl: access.account.baseUrl });
}
