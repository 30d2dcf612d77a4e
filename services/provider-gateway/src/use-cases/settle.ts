import { attemptOf, type Attempt, type GatewayAction, type GenerationState } from '@darkroom/domain';
import type { ModelAccess } from '../accounts.js';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { settleDelay } from '../policy/pace.js';
import { appendDecision, nextOf } from './append-decision.js';
import { hearVendor } from './hear-vendor.js';
import type { LoadedGeneration } from './load-generation.js';
import { again, type Next, restUntil } from './next.js';
import { newsOfAnswer, newsOfJob, newsOfStaged } from './submit-outcome.js';
import { requestOf } from './submit.js';

type Settle = Extract<GatewayAction, { do: 'settle' }>;

/** Asks whatever can answer whether the vendor took a submit; never submits it anew. */
export async function settle(
  ports: GatewayPorts,
  job: Job,
  loaded: LoadedGeneration,
  action: Settle,
): Promise<Next> {
  const { attempt, settlement } = action;
  const access = ports.accessTo(attempt.model);
  if (access === undefined) return later(ports, loaded.state, action, null);
  const staged = await newsOfStaged(ports, job.claim.generation, access, attempt);
  if (staged !== null) {
    const heard = await hearVendor(ports, job, loaded.state, access, attempt, staged);
    if (heard.outcome !== 'refused') return nextOf(heard);
  }
  switch (settlement.by) {
    case 'look-up':
      return lookUp(ports, job, loaded, action, access);
    case 'poll':
      return askForJob(ports, job, loaded, action, access);
    case 'replay':
      return replay(ports, job, loaded, action, access);
    case 'waiting':
      return later(ports, loaded.state, action, null);
  }
}

/** The next try, but not later than `earliest` (if any) and not later than time alone changes something. */
function later(ports: GatewayPorts, state: GenerationState, action: Settle, earliest: number | null): Next {
  const now = ports.now();
  const waits = action.settlement.by === 'waiting';
  const next = waits ? null : now + settleDelay(action.attempt, now, ports.random());
  const times = [next, earliest, action.due].filter((time) => time !== null);
  const due = times.length === 0 ? null : Math.max(Math.min(...times), now + 100);
  return restUntil(ports, state, due);
}

async function lookUp(
  ports: GatewayPorts,
  job: Job,
  { state, events }: LoadedGeneration,
  action: Settle,
  access: ModelAccess,
): Promise<Next> {
  const { attempt, settlement } = action;
  const lookedUpAt = ports.now();
  const answer = await ports.calls.lookup(access, attempt, job.signal);
  if (answer.kind === 'found') {
    let isNews = false;
    for (const { jobId } of answer.jobs) {
      const news = { kind: 'accepted', jobId } as const;
      const heard = await hearVendor(ports, job, state, access, attempt, news, { mayRest: false });
      if (heard.outcome === 'fenced') return 'released';
      isNews ||= heard.outcome === 'appended';
    }
    return isNews ? again : later(ports, state, action, null);
  }
  if (answer.kind !== 'absent' || settlement.by !== 'look-up') return later(ports, state, action, null);
  const { absenceFrom } = settlement;
  if (absenceFrom !== null && lookedUpAt >= absenceFrom) {
    const heard = await hearVendor(ports, job, state, access, attempt, { kind: 'absent', lookedUpAt });
    return heard.outcome === 'refused' ? later(ports, state, action, null) : nextOf(heard);
  }
  if (settlement.mayRepeat) return replay(ports, job, { state, events }, action, access);
  return later(ports, state, action, absenceFrom);
}

async function askForJob(
  ports: GatewayPorts,
  job: Job,
  { state }: LoadedGeneration,
  action: Settle,
  access: ModelAccess,
): Promise<Next> {
  const { attempt } = action;
  const jobId = attempt.vendorJobId;
  if (jobId === null) return later(ports, state, action, null);
  const answer = await ports.calls.poll(access, jobId, job.signal);
  if (answer.kind !== 'job') return later(ports, state, action, null);
  const news =
    answer.state.kind === 'open'
      ? ({ kind: 'accepted', jobId } as const)
      : await newsOfJob(ports, job.claim.generation, access, attempt, jobId, answer.state);
  return nextOf(await hearVendor(ports, job, state, access, attempt, news));
}

/** The same bytes again under the same key: the vendor answers with the job of the first send, or makes it now, once. */
async function replay(
  ports: GatewayPorts,
  job: Job,
  loaded: LoadedGeneration,
  action: Settle,
  access: ModelAccess,
): Promise<Next> {
  const { attempt } = action;
  const now = ports.now();
  if (now <= attempt.sendBy) return restUntil(ports, loaded.state, attempt.sendBy + 1);
  if ((await ports.gate.closed()).has(access.account.id)) return later(ports, loaded.state, action, null);
  const request = requestOf(ports, job, loaded, access, attempt);
  const connection = await ports.calls.prepareSubmit(access, request);
  if (connection.kind === 'not-sent') return later(ports, loaded.state, action, null);
  try {
    if (job.signal.aborted) return again;
    const began = performance.now();
    const sendByMs = access.sheet.sendBySeconds * 1000;
    const repeated = await appendDecision(
      ports,
      job,
      {
        type: 'repeat-submission',
        now,
        attempt: attempt.number,
        sendBy: ports.now() + sendByMs,
        contract: access.sheet,
      },
      { from: loaded.state, mayRest: false },
    );
    if (repeated.outcome === 'fenced') return 'released';
    if (repeated.outcome === 'refused') return later(ports, repeated.state, action, null);
    await ports.at(3, job.claim.generation);
    const outcome = await ports.calls.submit(
      connection,
      access,
      request,
      Math.min(began + sendByMs, job.heldUntil()),
    );
    const current: Attempt = attemptOf(repeated.state, attempt.number) ?? attempt;
    if (outcome.kind !== 'answer') return later(ports, repeated.state, action, null);
    const news = await newsOfAnswer(ports, job.claim.generation, access, current, outcome);
    // A refusal or an error of a repeat says nothing about the first send.
    if (news.kind === 'refused' || news.kind === 'unknown') return later(ports, repeated.state, action, null);
    return nextOf(await hearVendor(ports, job, repeated.state, access, current, news));
  } finally {
    await connection.close();
  }
}
