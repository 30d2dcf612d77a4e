import { type Attempt, decide, type GatewayAction, type GenerationState } from '@darkroom/domain';
import type { PollAnswer } from '@darkroom/providers';
import type { ModelAccess } from '../accounts.js';
import type { NoAnswer } from '../adapters/vendor-calls.js';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { pollDelay } from '../policy/pace.js';
import { linkOf } from '../policy/vendor-news.js';
import { appendDecision, nextOf } from './append-decision.js';
import { hearVendor, whereJobIsAnothers } from './hear-vendor.js';
import { again, type Next, restUntil } from './next.js';
import { linkEnd, newsOfJob } from './submit-outcome.js';

const mostMissesInARow = 3;
const againMs = 1_000;

/** Looks at a running job. */
export async function poll(
  ports: GatewayPorts,
  job: Job,
  state: GenerationState,
  attempt: Attempt,
): Promise<Next> {
  const access = ports.accessTo(attempt.model);
  const jobId = attempt.vendorJobId;
  if (access === undefined || jobId === null) return restUntil(ports, state, state.deadline);
  const anothers = await whereJobIsAnothers(ports, job, state, access, attempt, jobId);
  if (anothers !== null) return anothers;
  const answer = await ports.calls.poll(access, jobId, job.signal);
  return heardOfJob(ports, job, state, attempt, access, answer, nextPoll(ports, state, attempt, access));
}

function nextPoll(
  ports: GatewayPorts,
  state: GenerationState,
  attempt: Attempt,
  access: ModelAccess,
): number {
  const now = ports.now();
  const delay = pollDelay(attempt, now, access.sheet.usualSeconds.p50 * 1000, ports.random());
  return Math.min(now + delay, Math.max(state.deadline, now));
}

async function heardOfJob(
  ports: GatewayPorts,
  job: Job,
  state: GenerationState,
  attempt: Attempt,
  access: ModelAccess,
  answer: PollAnswer | NoAnswer,
  otherwise: number,
): Promise<Next> {
  const { generation } = job.claim;
  if (answer.kind === 'not_found') return missing(ports, job, state, attempt, access, otherwise);
  if (answer.kind !== 'job') {
    ports.logger.debug({ generation, answer: answer.kind }, 'a poll told nothing');
    return restUntil(ports, state, otherwise);
  }
  ports.missing.ended(generation);
  const news = await newsOfJob(ports, generation, access, attempt, answer.jobId, answer.state);
  const heard = await hearVendor(ports, job, state, access, attempt, news);
  return heard.outcome === 'refused' && (heard.reason === 'nothing_new' || heard.reason === 'too_many')
    ? restUntil(ports, heard.state, otherwise)
    : nextOf(heard);
}

async function missing(
  ports: GatewayPorts,
  job: Job,
  state: GenerationState,
  attempt: Attempt,
  access: ModelAccess,
  otherwise: number,
): Promise<Next> {
  const { generation } = job.claim;
  const now = ports.now();
  const seen = ports.missing.failed(generation, now);
  const isBeyondGrace = now - seen.since >= access.sheet.graceSeconds * 1000;
  if (seen.count < mostMissesInARow || !isBeyondGrace) return restUntil(ports, state, otherwise);
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
  const access = ports.accessTo(attempt.model);
  const jobId = attempt.vendorJobId;
  if (access === undefined || jobId === null) return restUntil(ports, state, action.due);
  const anothers = await whereJobIsAnothers(ports, job, state, access, attempt, jobId);
  if (anothers !== null) return anothers;
  const answer = await ports.calls.cancel(access, jobId, job.signal);
  const next = Math.min(ports.now() + againMs, Math.max(action.due, ports.now() + 50));
  if (answer.kind === 'not_found') return restUntil(ports, state, next);
  return heardOfJob(ports, job, state, attempt, access, answer, next);
}

/** Asks for fresh links of outputs whose old ones did not do; a vendor that has none any more says so. */
export async function refreshLinks(
  ports: GatewayPorts,
  job: Job,
  state: GenerationState,
  action: Extract<GatewayAction, { do: 'refresh-links' }>,
): Promise<Next> {
  const { attempt } = action;
  const access = ports.accessTo(attempt.model);
  const jobId = attempt.vendorJobId;
  const answer =
    access === undefined || jobId === null || jobId === '' || access.sheet.poll === 'none'
      ? ({ kind: 'not_found' } as const)
      : await ports.calls.poll(access, jobId, job.signal);
  if (answer.kind !== 'job' && answer.kind !== 'not_found')
    return restUntil(ports, state, ports.now() + againMs);
  const outputs = answer.kind === 'job' && answer.state.kind === 'produced' ? answer.state.outputs : [];
  const expiresAt = access === undefined ? null : linkEnd(access, ports.now());
  for (const index of action.indexes) {
    const output = outputs.find((candidate) => candidate.index === index);
    const [link] = output === undefined ? [] : linkOf(output, new Map(), expiresAt);
    const command = {
      type: 'refresh-output',
      attempt: attempt.number,
      index,
      link: link ?? null,
    } as const;
    if (decide(command, state).kind !== 'events') continue;
    const appended = await appendDecision(ports, job, command, { from: state, mayRest: false });
    if (appended.outcome === 'fenced') return 'released';
  }
  return again;
}
