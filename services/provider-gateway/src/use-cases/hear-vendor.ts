import type { Attempt, VendorNews } from '@darkroom/domain';
import type { ModelAccess } from '../accounts.js';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { type Appended, appendDecision } from './append-decision.js';
import { throughOutages } from './through-outages.js';

/** Brings what was learned of an attempt to its generation, whatever state that is in by now. */
export async function hearVendor(
  ports: GatewayPorts,
  job: Job,
  access: Pick<ModelAccess, 'sheet' | 'account'>,
  attempt: Attempt,
  told: VendorNews,
  { mayRest }: { readonly mayRest: boolean } = { mayRest: true },
): Promise<Appended> {
  const news = await checked(ports, job, access.account.id, attempt, told);
  const command = {
    type: 'hear',
    now: ports.now(),
    attempt: attempt.number,
    news,
    contract: access.sheet,
    random: ports.random(),
    policy: ports.policy,
  } as const;
  return appendDecision(ports, job, command, { mayRest });
}

/** A job has one owner: an id that another generation has proves nothing about this attempt. */
async function checked(
  ports: GatewayPorts,
  job: Job,
  account: string,
  attempt: Attempt,
  news: VendorNews,
): Promise<VendorNews> {
  const jobId = 'jobId' in news ? news.jobId : null;
  if (jobId === null || jobId === attempt.vendorJobId) return news;
  const { generation } = job.claim;
  const isOurs = await throughOutages(ports, generation, async () =>
    ports.vendorJobs.claim(account, jobId, generation, attempt.number),
  );
  if (isOurs) return news;
  ports.logger.error(
    { generation, attempt: attempt.number },
    'the vendor names a job that belongs to another generation',
  );
  return {
    kind: 'unknown',
    cause: 'UNKNOWN_CAUSE_JOB_ID_TAKEN',
    evidence: {
      responseStatus: 0,
      responseBody: '',
      error: `the vendor named the job ${jobId.slice(0, 200)}, which another generation has`,
      stagingKey: ports.staging.answerKey(generation, attempt.number),
      observedAt: new Date(ports.now()).toISOString(),
    },
  };
}
