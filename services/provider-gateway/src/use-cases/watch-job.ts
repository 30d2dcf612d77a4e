import { type Attempt, decide, type GatewayAction, type GenerationState } from '@darkroom/domain';
import type { PollAnswer } from '@darkroom/providers';
import type { ModelAccess } from '../accounts.js';
import type { NoAnswer } from '../adapters/vendor-calls.js';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { pollDelay } from '../policy/pace.js';
import { linkOf, newsOfState } from '../policy/vendor-news.js';
import { appendDecision } from './append-decision.js';
import { hearVendor } from './hear-vendor.js';
import { again, type Next, restUntil } from './next.js';
import { linkEnd } from './submit-outcome.js';

const mostMissesInARow = 3;
const againMs = 1_000;

interface Misses {
  readonly since: number;
  readonly count: number;
}
/** How often in a row a known job was not found; a vendor's listing may hiccup, its memory does not. */
const misses = new Map<string, Misses>();

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
  const answer = await ports.calls.poll(access, jobId);
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
  misses.delete(generation);
  const staged =
    answer.state.kind === 'produced'
      ? await ports.staging.putOutputs(generation, attempt.number, answer.state.outputs)
      : new Map<number, string>();
  const news = newsOfState(answer.jobId, answer.state, staged, linkEnd(access, ports.now()));
  const heard = await hearVendor(ports, job, access, attempt, news);
  if (heard.outcome === 'appended') return heard.released ? 'released' : again;
  return heard.reason === 'nothing_new' || heard.reason === 'too_many'
    ? restUntil(ports, heard.state, otherwise)
    : again;
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
  const before = misses.get(generation) ?? { since: now, count: 0 };
  const seen = { since: before.since, count: before.count + 1 };
  misses.set(generation, seen);
  const isBeyondGrace = now - seen.since >= access.sheet.graceSeconds * 1000;
  if (seen.count < mostMissesInARow || !isBeyondGrace) return restUntil(ports, state, otherwise);
  misses.delete(generation);
  const news = { kind: 'unknown', cause: 'UNKNOWN_CAUSE_JOB_MISSING' } as const;
  await hearVendor(ports, job, access, attempt, news);
  return again;
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
  const answer = await ports.calls.cancel(access, jobId);
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
      : await ports.calls.poll(access, jobId);
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
    if (decide(command, state).kind === 'events')
      await appendDecision(ports, job, command, { mayRest: false });
  }
  return again;
}
