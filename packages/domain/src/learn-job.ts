import type { Charge } from '@darkroom/contract';
import type { Evidence } from './commands.js';
import { mayTurnOutAccepted } from './conditions.js';
import type { EventOf, GenerationEvent } from './event.js';
import type { Money } from './money.js';
import { type Attempt, type GenerationState, isOtherJob } from './state.js';

/** An attempt turns out to have a job at the vendor. */
export interface JobNews {
  /** Null where the vendor gives none. */
  readonly jobId: string | null;
  /** Where the vendor said that it is asked for, if it did. */
  readonly jobUrl?: string | undefined;
  readonly charge: Charge;
  readonly cost: Money;
  readonly queuePosition: number | null;
  /** Whether the attempt must be on record as accepted before what follows. */
  readonly mustBeAccepted: boolean;
  readonly reason: string;
  /** What told it, where that was the answer to the submit or to a look-up. */
  readonly evidence?: Evidence | undefined;
}

/**
 * What is recorded of the job, and what it is to this generation: its `current` one (now, or already), one that was
 * `left-behind` with nothing newer running, or of no use to it: `elsewhere`, recorded as an orphan.
 */
export interface Learned {
  readonly events: readonly GenerationEvent[];
  readonly is: 'current' | 'left-behind' | 'elsewhere';
}

/** An orphan of this attempt, unless it is on record. */
export function orphanEvents(
  state: GenerationState,
  attempt: Attempt,
  news: Pick<JobNews, 'jobId' | 'charge' | 'cost' | 'reason'>,
): GenerationEvent[] {
  const vendorJobId = news.jobId ?? attempt.vendorJobId ?? '';
  const known = state.orphans.some(
    (orphan) =>
      orphan.account === attempt.account &&
      orphan.vendorJobId === vendorJobId &&
      (vendorJobId !== '' || orphan.attempt === attempt.number),
  );
  if (known) return [];
  const { account } = attempt;
  const { charge, cost, reason } = news;
  return [
    {
      type: 'PaidOrphanRecorded',
      data: { run: state.run, attempt: attempt.number, account, vendorJobId, charge, cost, reason },
    },
  ];
}

function foundEvent(state: GenerationState, attempt: Attempt, news: JobNews): EventOf<'SubmissionResolved'> {
  return {
    type: 'SubmissionResolved',
    data: {
      run: state.run,
      attempt: attempt.number,
      resolution: 'RESOLUTION_FOUND',
      vendorJobId: news.jobId ?? '',
      end: 'ATTEMPT_END_UNSPECIFIED',
      failureClass: 'FAILURE_CLASS_UNSPECIFIED',
      reason: news.reason,
      acceptDoubleCharge: false,
      charge: news.charge,
      cost: news.cost,
      retryRule: '',
      ...(news.jobUrl === undefined ? {} : { vendorJobUrl: news.jobUrl }),
      ...(news.evidence === undefined ? {} : { evidence: news.evidence }),
    },
  };
}

/** Its job went on when its run left it, or ended without it. */
const isLeftBehind = ({ status }: Attempt): boolean => status === 'abandoned' || status === 'accepted';

/** Whether the job belongs to another attempt of this generation: a job has one owner. */
export function isTaken(state: GenerationState, attempt: Attempt, jobId: string): boolean {
  const { number, account } = attempt;
  return (
    state.attempts.some(
      (other) => other.number !== number && other.account === account && other.vendorJobId === jobId,
    ) ||
    state.orphans.some(
      (orphan) => orphan.attempt !== number && orphan.account === account && orphan.vendorJobId === jobId,
    )
  );
}

/** Records that an attempt has a job. Every job ends as the current one, an adopted one or an orphan; none is lost. */
export function learnJob(state: GenerationState, attempt: Attempt, news: JobNews): Learned {
  const { phase } = state;
  if (isOtherJob(attempt, news.jobId)) return { events: orphanEvents(state, attempt, news), is: 'elsewhere' };
  if (attempt.number === state.current && phase === 'submitting')
    return { events: news.jobId === null ? [] : [acceptedEvent(state, attempt, news)], is: 'current' };
  if (attempt.number === state.current && phase === 'unresolved') {
    const needed = news.jobId !== null || news.mustBeAccepted;
    return { events: needed ? [foundEvent(state, attempt, news)] : [], is: 'current' };
  }
  if (attempt.number === state.current && phase === 'processing') return { events: [], is: 'current' };
  const isIdle = phase === 'requested' || phase === 'waiting';
  if (isIdle && isLeftBehind(attempt)) return { events: [], is: 'left-behind' };
  if (isIdle && mayTurnOutAccepted(attempt)) {
    const needed = news.jobId !== null || news.mustBeAccepted;
    return { events: needed ? [foundEvent(state, attempt, news)] : [], is: 'current' };
  }
  return { events: elsewhere(state, attempt, news), is: 'elsewhere' };
}

function elsewhere(state: GenerationState, attempt: Attempt, news: JobNews): GenerationEvent[] {
  if (isLeftBehind(attempt)) return orphanEvents(state, attempt, news);
  return mayTurnOutAccepted(attempt)
    ? [foundEvent(state, attempt, news), ...orphanEvents(state, attempt, news)]
    : [];
}

function acceptedEvent(
  state: GenerationState,
  attempt: Attempt,
  news: JobNews,
): EventOf<'SubmissionAccepted'> {
  return {
    type: 'SubmissionAccepted',
    data: {
      run: state.run,
      attempt: attempt.number,
      vendorJobId: news.jobId ?? '',
      charge: news.charge,
      cost: news.cost,
      ...(news.jobUrl === undefined ? {} : { vendorJobUrl: news.jobUrl }),
      ...(news.queuePosition === null ? {} : { queuePosition: news.queuePosition }),
      ...(news.evidence === undefined ? {} : { evidence: news.evidence }),
    },
  };
}
