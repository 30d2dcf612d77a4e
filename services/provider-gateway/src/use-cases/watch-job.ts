import {
  type Attempt,
  decide,
  type GatewayAction,
  type GenerationState,
  type OutputLink,
} from '@darkroom/domain';
import { count } from '@darkroom/platform';
import type { PollAnswer } from '@darkroom/providers';
import type { ModelAccess } from '../accounts.js';
import type { NoAnswer } from '../adapters/vendor-calls.js';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { cancelDelay, pollDelay } from '../policy/pace.js';
import type { Streak } from '../policy/streaks.js';
import { usualDuration } from './usual-duration.js';
import { linkOf } from '../policy/vendor-news.js';
import { appendDecision, nextOf } from './append-decision.js';
import { hearVendor, whereJobIsAnothers } from './hear-vendor.js';
import { heedAnswer } from './heed-answer.js';
import { again, type Next, restUntil } from './next.js';
import { linksOf, newsOfJob } from './submit-outcome.js';

/** A job that its vendor does not find so often in a row is not there any more, unless it is too soon to say. */
export const mostMissesInARow = 3;
const againMs = 1_000;
const longestWaitMs = 30_000;

/** Looks at a running job. */
export async function poll(
  ports: GatewayPorts,
  job: Job,
  state: GenerationState,
  attempt: Attempt,
): Promise<Next> {
  const access = ports.accessTo(attempt.model, attempt.account);
  const jobId = attempt.vendorJobId;
  if (access === undefined || jobId === null) return restUntil(ports, state, state.deadline);
  const anothers = await whereJobIsAnothers(ports, job, state, access, attempt, jobId);
  if (anothers !== null) return anothers;
  const answer = await ports.calls.poll(access, { jobId, jobUrl: attempt.vendorJobUrl }, job.signal);
  const otherwise = nextPoll(ports, state, attempt);
  return heardOfJob(ports, job, state, attempt, access, answer, { otherwise, latest: state.deadline });
}

function nextPoll(ports: GatewayPorts, state: GenerationState, attempt: Attempt): number {
  const now = ports.now();
  const delay = pollDelay(attempt, now, usualDuration(ports, attempt.model), ports.random());
  return Math.min(now + delay, Math.max(state.deadline, now));
}

/** When a job is looked at again: `otherwise`, or as its vendor asks, but not after `latest`. Milliseconds since the epoch. */
interface NextLook {
  readonly otherwise: number;
  readonly latest: number;
}

async function heardOfJob(
  ports: GatewayPorts,
  job: Job,
  state: GenerationState,
  attempt: Attempt,
  access: ModelAccess,
  answer: PollAnswer | NoAnswer,
  { otherwise, latest }: NextLook,
): Promise<Next> {
  const { generation } = job.claim;
  const asked = await heedAnswer(ports, job, access, answer);
  if (answer.kind === 'not_found') return missing(ports, job, state, attempt, access, otherwise);
  if (answer.kind !== 'job') {
    ports.logger.debug({ generation, answer: answer.kind }, 'a poll told nothing');
    return restUntil(ports, state, notBefore(otherwise, asked, latest));
  }
  ports.missing.ended(generation);
  if (answer.state.kind === 'open' && !answer.state.statusKnown)
    count('unknownWords', { account: access.account.id });
  const news = await newsOfJob(ports, generation, access, attempt, answer.jobId, answer.state);
  const heard = await hearVendor(ports, job, state, access, attempt, news);
  return heard.outcome === 'refused' && (heard.reason === 'nothing_new' || heard.reason === 'too_many')
    ? restUntil(ports, heard.state, otherwise)
    : nextOf(heard);
}

/** As the vendor asks, but never beyond the time at which something has to be decided. Milliseconds since the epoch. */
const notBefore = (otherwise: number, asked: number, latest: number): number =>
  Math.max(otherwise, Math.min(asked, latest));

async function missing(
  ports: GatewayPorts,
  job: Job,
  state: GenerationState,
  attempt: Attempt,
  access: ModelAccess,
  otherwise: number,
): Promise<Next> {
  const { generation } = job.claim;
  if (!isGone(ports, access, ports.missing.failed(generation, ports.now())))
    return restUntil(ports, state, otherwise);
  ports.missing.ended(generation);
  const news = { kind: 'unknown', cause: 'UNKNOWN_CAUSE_JOB_MISSING' } as const;
  return nextOf(await hearVendor(ports, job, state, access, attempt, news));
}

/** Asks the vendor to end a job; its answer, or the end of the grace, ends the run. */
export async function cancelAtVendor(
  ports: GatewayPorts,
  job: Job,
  state: GenerationState,
  action: Extract<GatewayAction, { do: 'cancel-at-vendor' }>,
): Promise<Next> {
  const { attempt } = action;
  const access = ports.accessTo(attempt.model, attempt.account);
  const jobId = attempt.vendorJobId;
  if (access === undefined || jobId === null) return restUntil(ports, state, action.due);
  const anothers = await whereJobIsAnothers(ports, job, state, access, attempt, jobId);
  if (anothers !== null) return anothers;
  const answer = await ports.calls.cancel(access, { jobId, jobUrl: attempt.vendorJobUrl }, job.signal);
  const now = ports.now();
  const askedAt = action.due - access.sheet.graceSeconds * 1_000;
  const next = now + cancelDelay(askedAt, action.due, now, ports.random());
  if (answer.kind === 'not_found') return restUntil(ports, state, next);
  return heardOfJob(ports, job, state, attempt, access, answer, { otherwise: next, latest: action.due });
}

/** Asks for fresh links of outputs whose old ones did not do; a vendor that has none any more says so. */
export async function refreshLinks(
  ports: GatewayPorts,
  job: Job,
  state: GenerationState,
  action: Extract<GatewayAction, { do: 'refresh-links' }>,
): Promise<Next> {
  const { attempt } = action;
  const access = ports.accessTo(attempt.model, attempt.account);
  const jobId = attempt.vendorJobId;
  if (access === undefined || jobId === null || jobId === '' || access.sheet.poll === 'none')
    return renew(ports, job, state, action, () => null);
  const answer = await ports.calls.poll(access, { jobId, jobUrl: attempt.vendorJobUrl }, job.signal);
  const asked = await heedAnswer(ports, job, access, answer);
  const isOutOfSight = answer.kind === 'not_found' || (answer.kind === 'job' && answer.state.kind === 'open');
  if (isOutOfSight) {
    // It has ended once: that it is not there, or runs again, is no answer yet.
    const seen = ports.missing.failed(job.claim.generation, ports.now());
    const wait = Math.min(Math.max((ports.now() - seen.since) / 4, againMs), longestWaitMs);
    if (!isGone(ports, access, seen)) return restUntil(ports, state, ports.now() + wait);
    ports.missing.ended(job.claim.generation);
    return renew(ports, job, state, action, () => null);
  }
  if (answer.kind !== 'job')
    return restUntil(ports, state, notBefore(ports.now() + againMs, asked, state.deadline));
  ports.missing.ended(job.claim.generation);
  const outputs = answer.state.kind === 'produced' ? answer.state.outputs : [];
  const links = linksOf(access, ports.now());
  return renew(ports, job, state, action, (index) => {
    const output = outputs.find((candidate) => candidate.index === index);
    return output === undefined ? null : (linkOf(output, new Map(), links)[0] ?? null);
  });
}

/** Whether a job was out of sight often and for long enough to be taken for gone. */
const isGone = (ports: GatewayPorts, { sheet }: ModelAccess, { count: times, since }: Streak): boolean =>
  times >= mostMissesInARow && ports.now() - since >= sheet.graceSeconds * 1000;

async function renew(
  ports: GatewayPorts,
  job: Job,
  state: GenerationState,
  { attempt, indexes }: Extract<GatewayAction, { do: 'refresh-links' }>,
  linkFor: (index: number) => OutputLink | null,
): Promise<Next> {
  for (const index of indexes) {
    const command = { type: 'refresh-output', attempt: attempt.number, index, link: linkFor(index) } as const;
    if (decide(command, state).kind !== 'events') continue;
    const appended = await appendDecision(ports, job, command, { from: state, mayRest: false });
    if (appended.outcome === 'fenced') return 'released';
  }
  return again;
}
