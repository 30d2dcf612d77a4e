import type { Attempt, GenerationState } from '@darkroom/domain';
import { sheetFor } from '@darkroom/providers';
import type { ModelAccess } from '../accounts.js';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { settleDelay } from '../policy/pace.js';
import { appendDecision, nextOf } from './append-decision.js';
import { heedAnswer } from './heed-answer.js';
import { hearStaged } from './hear-staged.js';
import { hearVendor } from './hear-vendor.js';
import { type Next, restUntil } from './next.js';
import { newsOfKnownJob } from './submit-outcome.js';

/**
 * Leaves an open question for another submit, as its account's policy says. What was staged, and what the vendor says of a job whose id
 * is known, still counts, and so does what a last look-up finds before that submit.
 */
export async function giveUp(
  ports: GatewayPorts,
  job: Job,
  state: GenerationState,
  attempt: Attempt,
): Promise<Next> {
  const { generation } = job.claim;
  const access = ports.accessTo(attempt.model, attempt.account);
  const contract = access?.sheet ?? sheetFor(attempt.model);
  if (contract === undefined) throw new Error(`nobody knows ${attempt.model}, whose submit is given up`);
  const told = access === undefined ? null : await lastWord(ports, job, state, access, attempt);
  if (told !== null) return told;
  const command = {
    type: 'give-up',
    now: ports.now(),
    attempt: attempt.number,
    contract,
    random: ports.random(),
    reason: `the policy of ${attempt.account}: what nobody can settle is submitted once more`,
    policy: ports.policy,
  } as const;
  const appended = await appendDecision(ports, job, command, { from: state, mayRest: true });
  if (appended.outcome === 'appended')
    ports.logger.warn(
      { generation, account: attempt.account, attempt: attempt.number },
      'nobody could tell what became of a submit; it is made anew by the policy of its account',
    );
  return nextOf(appended);
}

/** Null: there is nothing more to learn. */
async function lastWord(
  ports: GatewayPorts,
  job: Job,
  state: GenerationState,
  access: ModelAccess,
  attempt: Attempt,
): Promise<Next | null> {
  const { generation } = job.claim;
  const staged = await hearStaged(ports, job, state, access, attempt);
  if (staged !== null) return staged;
  const { vendorJobId: jobId, vendorJobUrl: jobUrl } = attempt;
  if (jobId === null || access.sheet.poll === 'none') return null;
  const answer = await ports.calls.poll(access, { jobId, jobUrl }, job.signal);
  const asked = await heedAnswer(ports, job, access, answer);
  if (answer.kind === 'not_found') return null;
  const now = ports.now();
  const later = Math.max(asked, now + settleDelay(attempt, now, ports.random(), false));
  // Whoever does not answer takes no new submit either.
  if (answer.kind !== 'job') return restUntil(ports, state, Math.min(later, Math.max(state.deadline, now)));
  const news = await newsOfKnownJob(ports, generation, access, attempt, jobId, answer.state);
  const heard = await hearVendor(ports, job, state, access, attempt, news);
  return heard.outcome === 'refused' ? null : nextOf(heard);
}
