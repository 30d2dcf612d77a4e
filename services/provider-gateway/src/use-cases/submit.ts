import { setTimeout as pause } from 'node:timers/promises';
import {
  attemptOf,
  type Attempt,
  boundTo,
  type Command,
  type GatewayAction,
  type GenerationState,
} from '@darkroom/domain';
import { estimateCost, type VendorRequest } from '@darkroom/providers';
import type { ModelAccess } from '../accounts.js';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { unreachableDelay } from '../policy/pace.js';
import { accessAlong } from './access-along.js';
import { appendDecision, nextOf } from './append-decision.js';
import { hearFoundJobs } from './hear-found-jobs.js';
import { hearVendor } from './hear-vendor.js';
import { heedAnswer } from './heed-answer.js';
import type { LoadedGeneration } from './load-generation.js';
import { again, handBack, type Next, restUntil, waitForTurn } from './next.js';
import { lostSubmitOf, requestOf } from './request-of.js';
import { hearAccount, steerAccount } from './steer-account.js';
import { newsOfSubmit } from './submit-outcome.js';
import { isOutage, throughOutages } from './through-outages.js';
import { mayLeaveUntil, turnsOf, unsent, type WithTurn } from './turn.js';

const laterMs = 2_000;
const notConfiguredMs = 60_000;
/** Who waits for the budget of tries asks no oftener. */
const budgetMs = 5_000;

/** The submit, line by line: what can wait waits before the intent is on record; after that, only what must. */
export async function submit(
  ports: GatewayPorts,
  job: Job,
  loaded: LoadedGeneration,
  action: Extract<GatewayAction, { do: 'submit' }>,
): Promise<Next> {
  const { state } = loaded;
  const until = (ms: number): Next => restUntil(ports, state, Math.min(ports.now() + ms, state.deadline));
  const { requested, run } = state;
  const way = accessAlong(ports, job, { requested, bound: boundTo(state, run) }, action.model);
  if (way === undefined) return until(notConfiguredMs);
  const { access, elsewhere } = way;
  const { id } = access.account;
  const turn = waitForTurn(state, id, elsewhere.length > 0);
  const { slots, retryMs } = ports.accounts.of(id);
  const isRetry = wasRefused(state);
  const forBudget = (ms: number): Next => until(ms + budgetMs * (1 + ports.random()));
  // Asked before a slot is taken and a connection opened: a vendor that fails is not called at for nothing.
  if (isRetry && retryMs > 0) return forBudget(retryMs);
  // What was appended since it was claimed may have given its slot up.
  const isAsClaimed = state.version === job.claim.foldedVersion || state.attempts.length === 0;
  const hasSlot = isAsClaimed && job.claim.holdsSlot && job.claim.account === id;
  if (slots === 0 || (!hasSlot && !(await ports.jobs.takeSlot(job.claim, id, slots)))) return turn;
  const instead = await lastLookUp(ports, job, loaded, action.lookUpFirst);
  if (instead !== null) return instead;

  const attempt = {
    number: state.attempts.length + 1,
    run: state.run,
    reference: ports.newId(),
    seed: state.requested.seed,
    startedAt: ports.now(),
  };
  const request = requestOf(ports, job, loaded, access, attempt);
  const connection = await ports.calls.prepareSubmit(access, request);
  if (connection.kind === 'not-sent') {
    const { count } = ports.unreachable.failed(id, ports.now());
    ports.logger.warn({ account: id, reason: connection.reason }, 'the vendor cannot be reached');
    // All of its work waits, in its place, and not each for itself.
    const holdSeconds = unreachableDelay(count, ports.random()) / 1_000;
    await hearAccount(ports, id, 'failed', { wasProbe: false, slots: Math.max(slots, 1), holdSeconds });
    const { isRunning } = ports.accounts;
    // Known to be away, it was claimed to see whether it still is: now it goes on, its place kept.
    const goesOn = !isRunning(id) && elsewhere.some(isRunning);
    return goesOn ? { ...turn, nextActionAt: new Date(ports.now()) } : turn;
  }
  ports.unreachable.ended(id);
  try {
    await ports.at(1, job.claim.generation);
    if (job.signal.aborted) return handBack(ports, job.claim, state);
    // The last thing asked before the intent: who is let through as the probe also probes.
    const turns = turnsOf(ports, access, {
      generation: job.claim.generation,
      attempt: attempt.number,
      micros: BigInt(estimateCost(access.sheet, state.requested.count).micros),
    });
    const { verdict, waitMs, notAfter } = await turns.first(isRetry);
    if (verdict === 'budget') return forBudget(waitMs);
    if (verdict !== 'open' && verdict !== 'probe') return turn;
    if (waitMs > 0) await pause(waitMs);
    const isProbe = verdict === 'probe';
    if (job.signal.aborted || ports.accounts.of(id).slots === 0) {
      if (isProbe) await ports.gate.returnProbe(id);
      return handBack(ports, job.claim, state);
    }
    const ready = { access, attempt, request, connection, isProbe, notAfter, again: turns.again };
    return await sendOnce(ports, job, state, ready);
  } finally {
    await connection.close();
  }
}

/** Whether this run was refused before for what is the vendor's doing: made anew within the budget for that. */
const wasRefused = ({ run, attempts }: GenerationState): boolean =>
  attempts.some(
    (attempt) =>
      attempt.run === run && attempt.end !== null && attempt.failureClass !== 'FAILURE_CLASS_RATE_LIMITED',
  );

/** One last look at what was thought not to be there. Null: nothing is, and nothing stands in the way of another submit. */
async function lastLookUp(
  ports: GatewayPorts,
  job: Job,
  loaded: LoadedGeneration,
  attempts: readonly Attempt[],
): Promise<Next | null> {
  const { state } = loaded;
  for (const attempt of attempts) {
    const access = ports.accessTo(attempt.model, attempt.account);
    if (access === undefined) continue;
    const lost = lostSubmitOf(ports, job, loaded, access, attempt);
    if (access.adapter.lookup(lost) === undefined) continue;
    const answer = await ports.calls.lookup(access, lost, job.signal);
    const asked = await heedAnswer(ports, job, access, answer);
    if (answer.kind === 'found') {
      const heard = await hearFoundJobs(ports, job, state, access, attempt, answer);
      if (heard === 'fenced') return 'released';
      if (heard === 'news') return again;
    } else if (answer.kind !== 'absent' && !('isForGood' in answer)) {
      const later = Math.max(asked, ports.now() + laterMs);
      return restUntil(ports, state, Math.min(later, state.deadline));
    }
  }
  return null;
}

/** A request that is built, on a connection that is open. */
interface ReadyToSend extends WithTurn {
  readonly access: ModelAccess;
  readonly attempt: Pick<Attempt, 'number' | 'run' | 'reference' | 'seed'>;
  readonly request: VendorRequest;
  readonly connection: Parameters<GatewayPorts['calls']['submit']>[0];
  readonly isProbe: boolean;
}

async function sendOnce(
  ports: GatewayPorts,
  job: Job,
  state: GenerationState,
  ready: ReadyToSend,
): Promise<Next> {
  const { access, attempt: named, request, connection, isProbe } = ready;
  const { generation } = job.claim;
  const { id } = access.account;
  const instead = unsent(ports, id, isProbe);
  // The clock is taken before the intent is written: however long that takes counts against send_by.
  const began = performance.now();
  const now = ports.now();
  const start: Command = {
    type: 'start-submission',
    now,
    account: id,
    model: access.qualified,
    reference: named.reference,
    seed: named.seed,
    sendBy: now + access.sheet.sendBySeconds * 1_000,
    estimatedCost: estimateCost(access.sheet, state.requested.count),
    isProbe,
  };
  const started = await appendDecision(ports, job, start, { from: state, mayRest: false }).catch(
    (error: unknown) => {
      if (isOutage(error)) return null;
      throw error;
    },
  );
  if (started === null) return instead(await intentUnknown(ports, job, state, access, named.reference));
  if (started.outcome === 'fenced') return instead('released');
  if (started.outcome === 'refused')
    return instead(started.reason === 'not_now' ? restUntil(ports, started.state, ports.now() + 200) : again);
  const attempt = attemptOf(started.state, started.state.attempts.length);
  if (attempt?.reference !== named.reference) return instead(again);
  await ports.at(2, generation);
  await ports.at(3, generation);
  const sendBy = await mayLeaveUntil(ports, job, access, began, ready);
  const answering = ports.calls.submit(connection, access, request, sendBy);
  await ports.at(4, generation);
  const outcome = await answering;
  await ports.at(5, generation);
  if (outcome.kind === 'answer') await keepAnswer(ports, generation, attempt.number, outcome);
  const news = await newsOfSubmit(ports, generation, access, attempt, request, outcome);
  await ports.at(6, generation);
  const heard = await hearVendor(ports, job, started.state, access, attempt, news);
  await ports.at(7, generation);
  const rest = outcome.kind === 'answer' ? access.adapter.restAfter?.(outcome) : undefined;
  await steerAccount(ports, access, news, isProbe, rest);
  return nextOf(heard);
}

/** For whoever comes after a crash. With the object store away for long, the log alone must do: what is known is not dropped. */
async function keepAnswer(
  ports: GatewayPorts,
  generation: string,
  attempt: number,
  answer: Parameters<GatewayPorts['staging']['putAnswer']>[2],
): Promise<void> {
  try {
    await throughOutages(ports, generation, async () => ports.staging.putAnswer(generation, attempt, answer));
  } catch (error) {
    if (!isOutage(error)) throw error;
    ports.logger.error({ err: error, generation, attempt }, 'the answer to a submit could not be staged');
  }
}

/**
 * The intent may be on record: the answer to its append was lost, and the database with it. Nothing was sent, and nothing will
 * be: a fact that only this process knows, and that saves a person from deciding it.
 */
async function intentUnknown(
  ports: GatewayPorts,
  job: Job,
  from: GenerationState,
  access: ModelAccess,
  reference: string,
): Promise<Next> {
  const asked = (state: GenerationState): Command | undefined => {
    const attempt = state.attempts.find((candidate) => candidate.reference === reference);
    if (attempt === undefined) return undefined;
    return {
      type: 'hear',
      now: ports.now(),
      attempt: attempt.number,
      news: {
        kind: 'not_sent',
        failureClass: 'FAILURE_CLASS_NETWORK',
        reason: 'the database was away when the submit was about to be made',
      },
      contract: access.sheet,
      random: ports.random(),
      policy: ports.policy,
    };
  };
  return nextOf(await appendDecision(ports, job, asked, { from, mayRest: true, isEvidence: true }));
}
