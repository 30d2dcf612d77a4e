import type { AttemptEnd, Charge } from '@darkroom/contract';
import { type Decision, emitted, type Hear, type NewsOf, refused } from './commands.js';
import { absent, disproved } from './decide-hear-disproof.js';
import { after, andEnd, rfc3339 } from './ending.js';
import type { GenerationEvent } from './event.js';
import { isTaken, type JobNews, type Learned, learnJob, orphanEvents } from './learn-job.js';
import { isNamed, noMoney } from './money.js';
import type { RetryDecision } from './retry.js';
import { type Attempt, attemptOf, type GenerationState, isOtherJob } from './state.js';
import type { SubmissionContract } from './submission-contract.js';
import { conclude, nextTry, retryAfterEnd, withEvidence } from './try-after.js';
import { tellsMore } from './unknown-cause.js';

/** How often a vendor's progress is recorded for an attempt. */
export const maxProgressReports = 12;
const leastProgress = 10;

/** Whatever was learned of an attempt, from whichever source, at whatever time. */
export function hear(state: GenerationState, command: Hear): Decision {
  const attempt = attemptOf(state, command.attempt);
  if (attempt === undefined) return refused('unknown_attempt');
  const { news } = command;
  if ('jobId' in news && news.jobId !== null && isTaken(state, attempt, news.jobId)) {
    const isAnswer = state.phase === 'submitting' && attempt.number === state.current;
    return isAnswer
      ? unknown(state, attempt, command, { kind: 'unknown', cause: 'UNKNOWN_CAUSE_JOB_ID_TAKEN' })
      : refused('job_id_taken');
  }
  switch (news.kind) {
    case 'accepted':
      return acceptance(state, attempt, command, news);
    case 'running':
      return running(state, attempt, command, news);
    case 'produced':
      return produced(state, attempt, command, news);
    case 'ended':
      return ended(state, attempt, command, news);
    case 'refused':
    case 'not_sent':
      return disproved(state, attempt, command, news);
    case 'unknown':
      return unknown(state, attempt, command, news);
    case 'absent':
      return absent(state, attempt, command, news);
  }
}

/** A vendor that charges for failed runs has charged by the time it accepts. */
const accepted = (contract: SubmissionContract): Charge =>
  contract.failedRunsCharged ? 'CHARGE_CERTAIN' : 'CHARGE_POSSIBLE';

function chargeOfEnd(contract: SubmissionContract, end: AttemptEnd): Charge {
  if (contract.failedRunsCharged) return 'CHARGE_CERTAIN';
  return end === 'ATTEMPT_END_VENDOR_CANCELED' ? 'CHARGE_POSSIBLE' : 'CHARGE_NONE';
}

function jobNews(
  command: Hear,
  news: { readonly jobId: string | null } & Partial<
    Pick<JobNews, 'jobUrl' | 'queuePosition' | 'cost' | 'mustBeAccepted' | 'evidence'>
  >,
  charge: Charge,
): JobNews {
  return {
    jobId: news.jobId,
    jobUrl: news.jobUrl,
    charge,
    cost: news.cost ?? noMoney,
    queuePosition: news.queuePosition ?? null,
    mustBeAccepted: news.mustBeAccepted ?? false,
    reason: command.news.kind,
    evidence: news.evidence,
  };
}

function acceptance(
  state: GenerationState,
  attempt: Attempt,
  command: Hear,
  news: NewsOf<'accepted'>,
): Decision {
  const { events } = learnJob(state, attempt, jobNews(command, news, accepted(command.contract)));
  const cost = news.cost ?? noMoney;
  // Where something else told of the job first, this may be the only one that names its price.
  const isPrice = attempt.vendorJobId === news.jobId && attempt.cost === null && isNamed(cost);
  return events.length > 0 || !isPrice
    ? emitted(events)
    : emitted([
        {
          type: 'CostRecorded',
          data: { run: state.run, attempt: attempt.number, cost, source: 'the answer to its submit' },
        },
      ]);
}

function running(state: GenerationState, attempt: Attempt, command: Hear, news: NewsOf<'running'>): Decision {
  const learned = learnJob(state, attempt, jobNews(command, news, accepted(command.contract)));
  if (learned.is !== 'current') return emitted(learned.events);
  const then = after(state, command.now, learned.events);
  const known = attemptOf(then, attempt.number) ?? attempt;
  if (known.progressReports >= maxProgressReports && learned.events.length === 0) return refused('too_many');
  return emitted([...learned.events, ...progressOf(then, known, news)]);
}

function progressOf(state: GenerationState, attempt: Attempt, news: NewsOf<'running'>): GenerationEvent[] {
  if (attempt.progressReports >= maxProgressReports) return [];
  const further = news.percent !== null && news.percent >= (attempt.percent ?? 0) + leastProgress;
  const moved =
    (news.queuePosition !== null && news.queuePosition !== attempt.queuePosition) ||
    (news.vendorStatus !== attempt.vendorStatus && attempt.progressReports < maxProgressReports / 2);
  if (!further && !moved) return [];
  return [
    {
      type: 'ProgressReported',
      data: {
        run: state.run,
        attempt: attempt.number,
        vendorStatus: news.vendorStatus,
        ...(news.percent === null ? {} : { percent: news.percent }),
        ...(news.queuePosition === null ? {} : { queuePosition: news.queuePosition }),
      },
    },
  ];
}

function produced(
  state: GenerationState,
  attempt: Attempt,
  command: Hear,
  news: NewsOf<'produced'>,
): Decision {
  const isEnding = state.cancelAsked !== null || state.failAsked !== null;
  // What is not going to be stored is on record at least as accepted.
  const job = jobNews(command, { ...news, mustBeAccepted: isEnding }, 'CHARGE_CERTAIN');
  const learned =
    attempt.status === 'failed' && !isOtherJob(attempt, news.jobId)
      ? madeAfterAll(state, attempt, job)
      : learnJob(state, attempt, job);
  if (learned.is === 'elsewhere') return emitted(learned.events);
  if (isEnding) {
    const then = after(state, command.now, learned.events);
    const orphans = orphanEvents(then, attempt, { ...job, reason: 'produced while the end was asked for' });
    return emitted(andEnd(state, command.now, [...learned.events, ...orphans]));
  }
  const outputs = oneOfEach(news.outputs, state.requested.count);
  const links = oneOfEach(news.links, state.requested.count);
  return emitted([
    ...learned.events,
    {
      type: 'OutputsProduced',
      data: {
        run: state.run,
        attempt: attempt.number,
        outputs,
        links,
        charge: 'CHARGE_CERTAIN',
        cost: job.cost,
        ...(learned.events.length > 0 ? {} : withEvidence(news.evidence)),
      },
    },
  ]);
}

/** The vendor once said that it failed, and now that it made the images. */
function madeAfterAll(state: GenerationState, attempt: Attempt, job: JobNews): Learned {
  return state.phase === 'requested' || state.phase === 'waiting'
    ? { events: [], is: 'left-behind' }
    : { events: orphanEvents(state, attempt, job), is: 'elsewhere' };
}

/** No more than was asked for, and each only once: what comes from a vendor is not trusted to be so. */
function oneOfEach<T extends { readonly index: number }>(items: readonly T[], count: number): T[] {
  return items.filter(
    ({ index }, place) =>
      index >= 0 && index < count && items.findIndex((other) => other.index === index) === place,
  );
}

function orderedByOperator(now: number, model: string | null): RetryDecision {
  const rule = 'ordered_by_operator';
  return model === null ? { kind: 'retry', at: now, rule } : { kind: 'next-of-route', model, at: now, rule };
}

function ended(state: GenerationState, attempt: Attempt, command: Hear, news: NewsOf<'ended'>): Decision {
  const charge = news.isFree === true ? 'CHARGE_NONE' : chargeOfEnd(command.contract, news.end);
  const learned = learnJob(state, attempt, jobNews(command, { ...news, mustBeAccepted: true }, charge));
  if (learned.is !== 'current') return emitted(learned.events);
  const ordered = state.abandonOrdered;
  const decision: RetryDecision =
    ordered === null
      ? retryAfterEnd(state, attempt, command, { outcome: news.end, failureClass: news.failureClass, charge })
      : orderedByOperator(command.now, ordered.model);
  const events: GenerationEvent[] = [
    ...learned.events,
    {
      type: 'AttemptFailed',
      data: {
        run: state.run,
        attempt: attempt.number,
        end: news.end,
        failureClass: news.failureClass,
        vendorCode: news.vendorCode,
        vendorMessage: news.vendorMessage,
        charge,
        cost: noMoney,
        ...nextTry(state, command.now, decision),
        nextModel: decision.kind === 'next-of-route' ? decision.model : '',
        ...withEvidence(news.evidence),
      },
    },
  ];
  return conclude(state, command.now, events, decision);
}

function unknown(state: GenerationState, attempt: Attempt, command: Hear, news: NewsOf<'unknown'>): Decision {
  const isCurrent = attempt.number === state.current;
  // A person may have named a job that turns out to be another's.
  const jobIsGone =
    state.phase === 'processing' &&
    (news.cause === 'UNKNOWN_CAUSE_JOB_MISSING' || news.cause === 'UNKNOWN_CAUSE_JOB_ID_TAKEN');
  const isAnswerToRepeat = state.phase === 'unresolved' && tellsMore(attempt, news.cause);
  if (!isCurrent || !(state.phase === 'submitting' || jobIsGone || isAnswerToRepeat))
    return refused('nothing_new');
  // The question is the same, and so is the time to settle it.
  const settleUntil = isAnswerToRepeat ? attempt.settleUntil : null;
  return emitted([
    {
      type: 'SubmissionOutcomeUnknown',
      data: {
        run: state.run,
        attempt: attempt.number,
        cause: news.cause,
        settleUntil: rfc3339(settleUntil ?? command.now + command.contract.graceSeconds * 1000),
        ...withEvidence(news.evidence),
      },
    },
  ]);
}
