import type { Charge } from '@darkroom/contract';
import { type CommandOf, type Decision, emitted, refused, type RefusalReason } from './commands.js';
import { isChargeInTheWay } from './conditions.js';
import { endingOf, rfc3339 } from './ending.js';
import { isTaken, learnJob } from './learn-job.js';
import { noMoney } from './money.js';
import { openUntil } from './settlement.js';
import { type Attempt, attemptOf, type GenerationState, isFinal } from './state.js';

/** Refuses what was decided upon a state that is no longer the present one. */
function stale(state: GenerationState, expected: number): boolean {
  return state.decisionVersion !== expected;
}

/** Another try: hurried, elsewhere, or as a new run of a failed generation. */
export function orderRetry(state: GenerationState, command: CommandOf<'retry'>): Decision {
  if (stale(state, command.expectedDecisionVersion)) return refused('stale_decision');
  if (command.model !== null && !state.requested.route.includes(command.model))
    return refused('unknown_model');
  const reason = whyNoRetry(state, command);
  if (reason !== null) return refused(reason);
  const isNewRun = state.phase === 'failed';
  return emitted([
    {
      type: 'RetryOrdered',
      data: {
        run: isNewRun ? state.run + 1 : state.run,
        reason: command.reason,
        model: command.model ?? '',
        abandon: state.phase === 'processing',
        acceptDoubleCharge: command.acceptDoubleCharge,
        deadline: rfc3339(isNewRun ? deadlineOfNewRun(state, command.now) : state.deadline),
      },
    },
  ]);
}

function whyNoRetry(state: GenerationState, command: CommandOf<'retry'>): RefusalReason | null {
  const pays = isChargeInTheWay(state) && !command.acceptDoubleCharge;
  switch (state.phase) {
    case 'requested':
    case 'waiting':
      if (endingOf(state, command.now) !== null) return 'ending';
      return pays ? 'double_charge_not_accepted' : null;
    case 'processing':
      if (endingOf(state, command.now) !== null) return 'ending';
      if (!command.abandon) return 'not_now';
      if (state.abandonOrdered !== null) return 'already_asked';
      return command.acceptDoubleCharge ? null : 'double_charge_not_accepted';
    case 'failed':
      if (state.erased) return 'already_erased';
      return pays ? 'double_charge_not_accepted' : null;
    case 'submitting':
      return 'not_now';
    case 'unresolved':
      return 'resolve_first';
    case 'storing':
      return 'too_late';
    default:
      return 'already_final';
  }
}

const deadlineOfNewRun = (state: GenerationState, now: number): number =>
  now + state.requested.deadlineSeconds * 1000;

/** Ends the run as failed, once its vendor's side is settled. */
export function orderFailure(state: GenerationState, command: CommandOf<'fail'>): Decision {
  if (isFinal(state.phase)) return refused('already_final');
  if (state.failAsked !== null) return refused('already_asked');
  if (stale(state, command.expectedDecisionVersion)) return refused('stale_decision');
  return emitted([{ type: 'FailureOrdered', data: { run: state.run, reason: command.reason } }]);
}

/** A person answers an open question, with the evidence in front of them. */
export function resolveAttempt(state: GenerationState, command: CommandOf<'resolve'>): Decision {
  if (stale(state, command.expectedDecisionVersion)) return refused('stale_decision');
  const attempt = attemptOf(state, command.attempt);
  if (attempt === undefined) return refused('unknown_attempt');
  if (command.outcome === 'found') return resolveFound(state, attempt, command);
  if (command.outcome === 'not_there') {
    if (attempt.everAccepted) return refused('was_accepted');
    if (attempt.status !== 'unknown' && attempt.status !== 'given_up') return refused('nothing_new');
    if (command.now < openUntil(attempt)) return refused('not_now');
    return emitted([resolution(state, attempt, command, 'RESOLUTION_NOT_THERE', 'CHARGE_NONE')]);
  }
  if (attempt.status !== 'unknown') return refused('nothing_new');
  return emitted([resolution(state, attempt, command, 'RESOLUTION_GIVEN_UP', 'CHARGE_POSSIBLE')]);
}

function resolveFound(state: GenerationState, attempt: Attempt, command: CommandOf<'resolve'>): Decision {
  if (command.jobId === null || command.jobId === '') return refused('job_id_missing');
  if (isTaken(state, attempt, command.jobId)) return refused('job_id_taken');
  const { events } = learnJob(state, attempt, {
    jobId: command.jobId,
    charge: 'CHARGE_POSSIBLE',
    cost: noMoney,
    queuePosition: null,
    mustBeAccepted: true,
    reason: command.reason,
  });
  // While a submit is in flight its own answer is what counts.
  return state.phase === 'submitting' && attempt.number === state.current
    ? refused('not_now')
    : emitted(events);
}

function resolution(
  state: GenerationState,
  attempt: Attempt,
  command: CommandOf<'resolve'>,
  outcome: 'RESOLUTION_NOT_THERE' | 'RESOLUTION_GIVEN_UP',
  charge: Charge,
) {
  return {
    type: 'SubmissionResolved',
    data: {
      run: state.run,
      attempt: attempt.number,
      resolution: outcome,
      vendorJobId: '',
      end: 'ATTEMPT_END_UNSPECIFIED',
      failureClass: 'FAILURE_CLASS_UNSPECIFIED',
      reason: command.reason,
      acceptDoubleCharge: outcome === 'RESOLUTION_GIVEN_UP' && command.acceptDoubleCharge,
      charge,
      cost: noMoney,
      retryRule: 'ordered_by_operator',
    },
  } as const;
}

/** Takes a recorded orphan as this generation's attempt. */
export function adoptOrphan(state: GenerationState, command: CommandOf<'adopt'>): Decision {
  if (stale(state, command.expectedDecisionVersion)) return refused('stale_decision');
  const attempt = attemptOf(state, command.attempt);
  if (attempt === undefined) return refused('unknown_attempt');
  const reason = whyNoAdoption(state);
  if (reason !== null) return refused(reason);
  const orphan = state.orphans.find(
    (candidate) =>
      candidate.attempt === attempt.number &&
      !candidate.adopted &&
      (command.jobId === null || candidate.vendorJobId === command.jobId),
  );
  if (orphan === undefined) return refused('nothing_new');
  if (orphan.vendorJobId === '') return refused('job_id_missing');
  const isNewRun = isFinal(state.phase);
  return emitted([
    {
      type: 'OrphanAdopted',
      data: {
        run: isNewRun ? state.run + 1 : state.run,
        attempt: attempt.number,
        vendorJobId: orphan.vendorJobId,
        reason: command.reason,
        deadline: rfc3339(isNewRun ? deadlineOfNewRun(state, command.now) : state.deadline),
      },
    },
  ]);
}

function whyNoAdoption(state: GenerationState): RefusalReason | null {
  switch (state.phase) {
    case 'requested':
    case 'waiting':
      return null;
    case 'failed':
    case 'canceled':
      return state.erased ? 'already_erased' : null;
    case 'submitting':
    case 'unresolved':
      return 'resolve_first';
    case 'processing':
    case 'storing':
      return 'too_late';
    case 'succeeded':
      return 'already_final';
  }
}

/** Moves the deadline forward. */
export function extendDeadline(state: GenerationState, command: CommandOf<'extend'>): Decision {
  if (isFinal(state.phase)) return refused('already_final');
  if (stale(state, command.expectedDecisionVersion)) return refused('stale_decision');
  if (command.deadline <= Math.max(state.deadline, command.now)) return refused('not_forward');
  const { run } = state;
  const { reason } = command;
  return emitted([{ type: 'DeadlineExtended', data: { run, deadline: rfc3339(command.deadline), reason } }]);
}

/** A client or an operator asks to cancel; the end comes when the vendor's side is settled. */
export function requestCancel(state: GenerationState, command: CommandOf<'cancel'>): Decision {
  if (isFinal(state.phase)) return refused('already_final');
  if (state.phase === 'storing') return refused('too_late');
  if (state.cancelAsked !== null) return refused('already_asked');
  if (command.by === 'REQUESTER_OPERATOR' && stale(state, command.expectedDecisionVersion))
    return refused('stale_decision');
  const { by, reason } = command;
  return emitted([{ type: 'CancellationRequested', data: { run: state.run, requestedBy: by, reason } }]);
}
