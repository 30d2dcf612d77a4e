import { type Attempt, defaultRetryPolicy, type VendorNews } from '@darkroom/domain';
import type { ModelAccess } from '../accounts.js';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { type Appended, appendDecision } from './append-decision.js';

const capacityHoldSeconds = 1;

/** Brings what was learned of an attempt to its generation, whatever state that is in by now. */
export async function hearVendor(
  ports: GatewayPorts,
  job: Job,
  access: ModelAccess,
  attempt: Attempt,
  told: VendorNews,
): Promise<Appended> {
  const news = await checked(ports, job, access, attempt, told);
  const heard = await appendDecision(
    ports,
    job,
    {
      type: 'hear',
      now: ports.now(),
      attempt: attempt.number,
      news,
      contract: access.sheet,
      random: ports.random(),
    },
    { mayRest: true },
  );
  if (heard.outcome === 'appended') await steerAccount(ports, access, news);
  return heard;
}

/** A job has one owner: an id that another generation has proves nothing about this attempt. */
async function checked(
  ports: GatewayPorts,
  job: Job,
  access: ModelAccess,
  attempt: Attempt,
  news: VendorNews,
): Promise<VendorNews> {
  const jobId = 'jobId' in news ? news.jobId : null;
  if (jobId === null || jobId === attempt.vendorJobId) return news;
  const { generation } = job.claim;
  if (await ports.vendorJobs.claim(access.account.id, jobId, generation, attempt.number)) return news;
  ports.logger.error(
    { generation, attempt: attempt.number },
    'the vendor names a job that belongs to another generation',
  );
  return { kind: 'unknown', cause: 'UNKNOWN_CAUSE_JOB_ID_TAKEN' };
}

/** What a refusal or an acceptance says about the account as a whole. */
async function steerAccount(ports: GatewayPorts, access: ModelAccess, news: VendorNews): Promise<void> {
  const { id } = access.account;
  const { probeSeconds, maxRetryAfterSeconds } = defaultRetryPolicy;
  if (news.kind === 'accepted') return ports.gate.resume(id);
  if (news.kind !== 'refused') return undefined;
  switch (news.failureClass) {
    case 'FAILURE_CLASS_UNAUTHORIZED':
    case 'FAILURE_CLASS_INSUFFICIENT_CREDIT':
      ports.logger.error(
        { account: id, class: news.failureClass },
        'the vendor refuses the account; it is paused',
      );
      return ports.gate.pause(id, news.failureClass, probeSeconds);
    case 'FAILURE_CLASS_RATE_LIMITED':
      return ports.gate.holdBack(
        id,
        Math.min(news.retryAfterSeconds ?? capacityHoldSeconds, maxRetryAfterSeconds),
      );
    default:
      return undefined;
  }
}
