import {
  type Attempt,
  type GatewayAction,
  type GenerationState,
  isFinal,
  planGateway,
} from '@darkroom/domain';
import { sheetFor } from '@darkroom/providers';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { appendDecision, nextOf } from './append-decision.js';
import { giveUp } from './give-up.js';
import { hearNotifications } from './hear-notifications.js';
import { hearVendor } from './hear-vendor.js';
import { type LoadedGeneration, loadGeneration } from './load-generation.js';
import { again, handBack, type Next, restUntil } from './next.js';
import { recordedStep } from './recorded-step.js';
import { settle } from './settle.js';
import { steerAccount } from './steer-account.js';
import { newsOfStaged } from './submit-outcome.js';
import { submit } from './submit.js';
import { watchJobLeft } from './watch-job-left.js';
import { cancelAtVendor, poll, refreshLinks } from './watch-job.js';

const mostSteps = 25;

/** Brings a generation as far as it goes now: load, fold, plan, do; then lets its row go until the next thing is due. */
export async function advance(ports: GatewayPorts, job: Job): Promise<void> {
  for (let step = 0; step < mostSteps; step += 1) {
    const loaded = await loadGeneration(ports.store, job.claim.generation);
    if (loaded === undefined) throw new Error(`a job without a stream: ${job.claim.generation}`);
    const next = job.signal.aborted
      ? handBack(ports, job.claim, loaded.state)
      : ((await recordedStep(ports, loaded, 'hear-webhook', async (noting) =>
          hearNotifications(noting, job, loaded),
        )) ?? (await perform(ports, job, loaded)));
    if (next === again) continue;
    // Of a row that is another's by now, this moves nothing.
    if (next !== 'released') await ports.jobs.apply(job.claim, next);
    return;
  }
  throw new Error(`${mostSteps} steps in a row without coming to rest`);
}

async function perform(ports: GatewayPorts, job: Job, loaded: LoadedGeneration): Promise<Next> {
  const { state } = loaded;
  const { resubmitsUnknown } = ports.accounts;
  const action = planGateway(state, ports.now(), sheetFor, { resubmitsUnknown, policy: ports.policy });
  return recordedStep(ports, loaded, action.do, async (noting) => carryOut(noting, job, loaded, action));
}

async function carryOut(
  ports: GatewayPorts,
  job: Job,
  loaded: LoadedGeneration,
  action: GatewayAction,
): Promise<Next> {
  const { state } = loaded;
  switch (action.do) {
    case 'nothing':
      return isFinal(state.phase) ? watchJobLeft(ports, job, state) : restUntil(ports, state, action.due);
    case 'append':
      return nextOf(await appendDecision(ports, job, action.command, { from: state, mayRest: true }));
    case 'submit':
      return submit(ports, job, loaded, action);
    case 'declare-sender-gone':
      return senderGone(ports, job, state, action.attempt);
    case 'settle':
      return settle(ports, job, loaded, action);
    case 'give-up':
      return giveUp(ports, job, state, action.attempt);
    case 'poll':
      return poll(ports, job, state, action.attempt);
    case 'cancel-at-vendor':
      return cancelAtVendor(ports, job, state, action);
    case 'refresh-links':
      return refreshLinks(ports, job, state, action);
  }
}

const senderIsGone = { kind: 'unknown', cause: 'UNKNOWN_CAUSE_SENDER_GONE' } as const;

/** Whoever was sending held this row and holds it no more. What they staged tells more than that. */
async function senderGone(
  ports: GatewayPorts,
  job: Job,
  state: GenerationState,
  attempt: Attempt,
): Promise<Next> {
  const access = ports.accessTo(attempt.model, attempt.account);
  if (access === undefined) {
    const sheet = sheetFor(attempt.model);
    if (sheet === undefined) throw new Error(`nobody knows ${attempt.model}, which a submit was begun with`);
    // Of an account that is gone nothing can be asked; that nobody knows what became of the submit is true all the same.
    const gone = { type: 'hear', now: ports.now(), attempt: attempt.number, news: senderIsGone } as const;
    const command = { ...gone, contract: sheet, random: ports.random(), policy: ports.policy };
    return nextOf(await appendDecision(ports, job, command, { from: state, mayRest: true }));
  }
  const staged = await newsOfStaged(ports, job.claim.generation, access, attempt);
  const news = staged ?? senderIsGone;
  const heard = await hearVendor(ports, job, state, access, attempt, news);
  // Nobody else will: until a probe is told of, no other goes.
  if (attempt.isProbe && heard.outcome === 'appended') await steerAccount(ports, access, news, true);
  return nextOf(heard);
}
