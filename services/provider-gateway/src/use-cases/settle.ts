import { setTimeout as pause } from 'node:timers/promises';
import {
  attemptOf,
  type Attempt,
  type GatewayAction,
  type GenerationState,
  type VendorNews,
} from '@darkroom/domain';
import type { ModelAccess } from '../accounts.js';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { newsOfRepeat } from '../policy/answer-to-repeat.js';
import { evidenceOfLookUp } from '../policy/evidence.js';
import { settleDelay } from '../policy/pace.js';
import { appendDecision, nextOf } from './append-decision.js';
import { hearFoundJobs } from './hear-found-jobs.js';
import { hearStaged } from './hear-staged.js';
import { hearVendor } from './hear-vendor.js';
import type { LoadedGeneration } from './load-generation.js';
import { heedAnswer } from './heed-answer.js';
import { again, type Next, restUntil } from './next.js';
import { newsOfKnownJob, newsOfSubmit } from './submit-outcome.js';
import { lostSubmitOf, requestOf } from './request-of.js';
import { steerAccount } from './steer-account.js';
import { mayLeaveUntil, turnsOf, unsent } from './turn.js';

type Settle = Extract<GatewayAction, { do: 'settle' }>;

/** Asks whatever can answer whether the vendor took a submit; never submits it anew. */
export async function settle(
  ports: GatewayPorts,
  job: Job,
  loaded: LoadedGeneration,
  action: Settle,
): Promise<Next> {
  const { attempt, settlement } = action;
  const access = ports.accessTo(attempt.model, attempt.account);
  if (access === undefined) return later(ports, loaded.state, action, null);
  const staged = await hearStaged(ports, job, loaded.state, access, attempt);
  if (staged !== null) return staged;
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

/**
 * The next try, but not later than `earliest` (if any) and not later than time alone changes something; `asked`: the vendor wants to be
 * left alone until then.
 */
function later(
  ports: GatewayPorts,
  state: GenerationState,
  action: Settle,
  earliest: number | null,
  asked = 0,
): Next {
  const now = ports.now();
  const { attempt, settlement } = action;
  const repeats = settlement.by === 'replay' || (settlement.by === 'look-up' && settlement.mayRepeat);
  const delay = settleDelay(attempt, now, ports.random(), repeats);
  const next = settlement.by === 'waiting' ? null : Math.max(asked, now + delay);
  const times = [next, earliest, action.due].filter((time) => time !== null);
  const due = times.length === 0 ? null : Math.max(Math.min(...times), now + 100);
  return restUntil(ports, state, due);
}

async function lookUp(
  ports: GatewayPorts,
  job: Job,
  loaded: LoadedGeneration,
  action: Settle,
  access: ModelAccess,
): Promise<Next> {
  const { state } = loaded;
  const { attempt, settlement } = action;
  const lookedUpAt = ports.now();
  const lost = lostSubmitOf(ports, job, loaded, access, attempt);
  // Where nothing is listed the key alone can tell: it is refused if it was used.
  if (access.adapter.lookup(lost) === undefined && settlement.by === 'look-up' && settlement.mayRepeat)
    return replay(ports, job, loaded, action, access);
  const answer = await ports.calls.lookup(access, lost, job.signal);
  const asked = await heedAnswer(ports, job, access, answer);
  // While a vendor is away each of its questions comes here again and again.
  if ('isForGood' in answer)
    ports.logger.warn(
      { generation: job.claim.generation, account: access.account.id, reason: answer.reason },
      'a listing is too long to be looked through; the question stays open',
    );
  if (answer.kind === 'found') {
    const heard = await hearFoundJobs(ports, job, state, access, attempt, answer);
    if (heard === 'fenced') return 'released';
    return heard === 'news' ? again : later(ports, state, action, null);
  }
  if (answer.kind !== 'absent' || settlement.by !== 'look-up')
    return later(ports, state, action, null, asked);
  const { absenceFrom } = settlement;
  if (absenceFrom !== null && lookedUpAt >= absenceFrom) {
    const evidence = evidenceOfLookUp(answer.seen, ports.now());
    const news = { kind: 'absent', lookedUpAt, evidence } as const;
    const heard = await hearVendor(ports, job, state, access, attempt, news);
    return heard.outcome === 'refused' ? later(ports, state, action, null) : nextOf(heard);
  }
  if (settlement.mayRepeat) return replay(ports, job, loaded, action, access);
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
  const answer = await ports.calls.poll(access, { jobId, jobUrl: attempt.vendorJobUrl }, job.signal);
  const asked = await heedAnswer(ports, job, access, answer);
  if (answer.kind !== 'job') return later(ports, state, action, null, asked);
  const news = await newsOfKnownJob(ports, job.claim.generation, access, attempt, jobId, answer.state);
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
  const { account } = access;
  const { slots } = ports.accounts.of(account.id);
  // It may be what starts a job: never one more than there are slots for.
  const hasSlot = job.claim.holdsSlot && job.claim.account === account.id;
  if (slots === 0 || (!hasSlot && !(await ports.jobs.takeSlot(job.claim, account.id, slots, 'first'))))
    return later(ports, loaded.state, action, null);
  const request = requestOf(ports, job, loaded, access, attempt);
  const connection = await ports.calls.prepareSubmit(access, request);
  if (connection.kind === 'not-sent') return later(ports, loaded.state, action, null);
  try {
    if (job.signal.aborted) return again;
    // To the vendor it is one more submit: within the rate, and within the budget of what is made anew.
    const turns = turnsOf(ports, access, {
      generation: job.claim.generation,
      attempt: attempt.number,
      micros: BigInt(attempt.estimatedCost.micros),
    });
    const { verdict, waitMs, notAfter } = await turns.first(true);
    if (verdict !== 'open' && verdict !== 'probe') return later(ports, loaded.state, action, null);
    const isProbe = verdict === 'probe';
    const instead = unsent(ports, account.id, isProbe);
    if (waitMs > 0) await pause(waitMs);
    if (ports.accounts.of(account.id).slots === 0) return instead(later(ports, loaded.state, action, null));
    const began = performance.now();
    const repeated = await appendDecision(
      ports,
      job,
      {
        type: 'repeat-submission',
        now,
        attempt: attempt.number,
        sendBy: ports.now() + access.sheet.sendBySeconds * 1_000,
        contract: access.sheet,
      },
      { from: loaded.state, mayRest: false },
    );
    if (repeated.outcome === 'fenced') return instead('released');
    if (repeated.outcome === 'refused') return instead(later(ports, repeated.state, action, null));
    await ports.at(3, job.claim.generation);
    const sendBy = await mayLeaveUntil(ports, job, access, began, { notAfter, again: turns.again });
    const outcome = await ports.calls.submit(connection, access, request, sendBy);
    const current: Attempt = attemptOf(repeated.state, attempt.number) ?? attempt;
    const news = await newsOfSubmit(ports, job.claim.generation, access, current, request, outcome);
    const next = await hearRepeat(ports, job, repeated.state, access, action, { attempt: current, news });
    await steerAccount(ports, access, news, isProbe);
    return next;
  } finally {
    await connection.close();
  }
}

/** What a repeat was answered with. What settles nothing is kept as evidence, as far as it tells more than what is on record. */
async function hearRepeat(
  ports: GatewayPorts,
  job: Job,
  state: GenerationState,
  access: ModelAccess,
  action: Settle,
  { attempt, news }: { readonly attempt: Attempt; readonly news: VendorNews },
): Promise<Next> {
  const told = newsOfRepeat(news);
  if (told === null) return later(ports, state, action, null);
  if (told.kind !== 'unknown') return nextOf(await hearVendor(ports, job, state, access, attempt, told));
  const heard = await hearVendor(ports, job, state, access, attempt, told, { mayRest: false });
  return heard.outcome === 'fenced' || nextOf(heard) === 'released'
    ? 'released'
    : later(ports, heard.state, action, null);
}
