import { type CommandOf, type Decision, emitted, refused } from './commands.js';
import { isChargeInTheWay } from './conditions.js';
import { after, endingOf, rfc3339 } from './ending.js';
import type { EventOf } from './event.js';
import { noMoney } from './money.js';
import { decideRetry, defaultRetryPolicy, type RetryDecision } from './retry.js';
import { isSettledByVendor, openUntil } from './settlement.js';
import { type Attempt, currentAttempt, type GenerationState } from './state.js';

/** Other attempts of this run that were given up at the risk of a second charge, whatever became known of them since. */
const resubmitsOf = ({ attempts }: GenerationState, { run, number }: Attempt): number =>
  attempts.filter(
    (one) =>
      one.run === run && one.number !== number && (one.status === 'given_up' || one.secondChargeAccepted),
  ).length;

/**
 * Leaves an open question for another submit, the second charge accepted by the account's written policy: once the time in which the
 * vendor may tell is over, where nothing that can still be asked proves anything, and only where that submit can follow.
 */
export function giveUp(state: GenerationState, command: CommandOf<'give-up'>): Decision {
  const { now, contract } = command;
  const attempt = currentAttempt(state);
  if (state.phase !== 'unresolved' || attempt?.number !== command.attempt) return refused('nothing_new');
  if (endingOf(state, now) !== null) return refused('ending');
  if (now < openUntil(attempt)) return refused('not_now');
  // The policy accepts that it may have been charged, not that it was.
  if (attempt.charge === 'CHARGE_CERTAIN') return refused('double_charge_not_accepted');
  if (isSettledByVendor(state, attempt, now, contract)) return refused('not_now');
  const decision = retryAfterGivingUp(state, attempt, command);
  if (decision.kind !== 'retry') return refused('too_many');
  if (decision.at >= state.deadline) return refused('past_deadline');
  const event = givenUp(state, attempt, command, decision);
  return isChargeInTheWay(after(state, now, [event]))
    ? refused('double_charge_not_accepted')
    : emitted([event]);
}

function retryAfterGivingUp(
  state: GenerationState,
  attempt: Attempt,
  { now, random, policy }: CommandOf<'give-up'>,
): RetryDecision {
  return decideRetry({
    outcome: 'given_up',
    failureClass: 'FAILURE_CLASS_UNSPECIFIED',
    charge: attempt.charge,
    spent: state.spent,
    deferrals: state.deferrals,
    probes: 0,
    resubmits: resubmitsOf(state, attempt),
    model: attempt.model,
    route: state.requested.route,
    now,
    random,
    retryAfterSeconds: null,
    policy: policy ?? defaultRetryPolicy,
  });
}

function givenUp(
  state: GenerationState,
  attempt: Attempt,
  { reason }: CommandOf<'give-up'>,
  { rule, at }: Extract<RetryDecision, { kind: 'retry' }>,
): EventOf<'SubmissionResolved'> {
  return {
    type: 'SubmissionResolved',
    data: {
      run: state.run,
      attempt: attempt.number,
      resolution: 'RESOLUTION_GIVEN_UP',
      vendorJobId: '',
      end: 'ATTEMPT_END_UNSPECIFIED',
      failureClass: 'FAILURE_CLASS_UNSPECIFIED',
      reason,
      acceptDoubleCharge: true,
      charge: attempt.charge,
      cost: noMoney,
      retryRule: rule,
      retryAt: rfc3339(at),
    },
  };
}
