import { type Attempt, type GenerationState, isOtherJob, type VendorNews } from '@darkroom/domain';
import type { ModelAccess } from '../accounts.js';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { type Appended, appendDecision, nextOf } from './append-decision.js';
import type { Next } from './next.js';
import { throughOutages } from './through-outages.js';

/** Brings what was learned of an attempt to its generation, whatever state that is in by now; `from`: as it was last seen. */
export async function hearVendor(
  ports: GatewayPorts,
  job: Job,
  from: GenerationState,
  access: Pick<ModelAccess, 'sheet' | 'account'>,
  attempt: Attempt,
  told: VendorNews,
  { mayRest }: { readonly mayRest: boolean } = { mayRest: true },
): Promise<Appended> {
  const news = await checked(ports, job, access.account.id, attempt, told);
  if (news === null) return { outcome: 'refused', reason: 'job_id_taken', state: from };
  const command = {
    type: 'hear',
    now: ports.now(),
    attempt: attempt.number,
    news,
    contract: access.sheet,
    random: ports.random(),
    policy: ports.policy,
  } as const;
  return appendDecision(ports, job, command, { from, mayRest });
}

/**
 * A job has one owner: an id that another generation has proves nothing about this attempt. Null: nor does it matter, as the attempt
 * has a job of its own.
 */
async function checked(
  ports: GatewayPorts,
  job: Job,
  account: string,
  attempt: Attempt,
  news: VendorNews,
): Promise<VendorNews | null> {
  const jobId = 'jobId' in news ? news.jobId : null;
  if (jobId === null || (await isOurs(ports, job, account, attempt, jobId))) return news;
  if (isOtherJob(attempt, jobId)) {
    ports.logger.warn(
      { generation: job.claim.generation, attempt: attempt.number },
      'a job of another generation is named, and its own is known: nothing follows',
    );
    return null;
  }
  return jobOfAnother(ports, job, attempt, jobId);
}

async function isOurs(
  ports: GatewayPorts,
  job: Job,
  account: string,
  attempt: Attempt,
  jobId: string,
): Promise<boolean> {
  const { generation } = job.claim;
  return throughOutages(ports, generation, async () =>
    ports.vendorJobs.claim(account, jobId, generation, attempt.number),
  );
}

/**
 * Whether the job on record is this generation's: a person may have named another's. Asked before anything is done to it. Null:
 * it is; else what follows, as then nobody knows again what became of the submit.
 */
export async function whereJobIsAnothers(
  ports: GatewayPorts,
  job: Job,
  from: GenerationState,
  access: ModelAccess,
  attempt: Attempt,
  jobId: string,
): Promise<Next | null> {
  if (await isOurs(ports, job, access.account.id, attempt, jobId)) return null;
  const news = jobOfAnother(ports, job, attempt, jobId);
  return nextOf(await hearVendor(ports, job, from, access, attempt, news));
}

function jobOfAnother(ports: GatewayPorts, job: Job, attempt: Attempt, jobId: string): VendorNews {
  const { generation } = job.claim;
  ports.logger.error(
    { generation, attempt: attempt.number },
    'a job is named that belongs to another generation',
  );
  return {
    kind: 'unknown',
    cause: 'UNKNOWN_CAUSE_JOB_ID_TAKEN',
    evidence: {
      responseStatus: 0,
      responseBody: '',
      error: `the job ${jobId.slice(0, 200)} was named, which another generation has`,
      stagingKey: ports.staging.answerKey(generation, attempt.number),
      observedAt: new Date(ports.now()).toISOString(),
      requestId: '',
      request: '',
    },
  };
}
