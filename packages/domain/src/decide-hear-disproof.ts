import type { AttemptEnd, FailureClass, Resolution } from '@darkroom/contract';
import { type Decision, emitted, type Evidence, type Hear, type NewsOf, refused } from './commands.js';
import type { GenerationEvent } from './event.js';
import { noMoney } from './money.js';
import type { RetryDecision } from './retry.js';
import type { Attempt, GenerationState } from './state.js';
import type { SubmissionContract } from './submission-contract.js';
import { conclude, nextTry, retryAfterEnd, withEvidence } from './try-after.js';
import { isKeyUsed } from './unknown-cause.js';

/** A submit that the vendor refused, or that was never sent: nothing was taken. */
export function disproved(
  state: GenerationState,
  attempt: Attempt,
  command: Hear,
  news: NewsOf<'refused' | 'not_sent'>,
): Decision {
  const isRefusal = news.kind === 'refused';
  const end = isRefusal ? 'ATTEMPT_END_REFUSED' : 'ATTEMPT_END_NOT_SENT';
  const { failureClass } = news;
  const decision = retryAfterEnd(state, attempt, command, {
    outcome: end,
    failureClass,
    charge: 'CHARGE_NONE',
    retryAfterSeconds: isRefusal ? news.retryAfterSeconds : null,
  });
  if (state.phase === 'submitting' && attempt.number === state.current) {
    const failure: GenerationEvent = {
      type: 'AttemptFailed',
      data: {
        run: state.run,
        attempt: attempt.number,
        end,
        failureClass,
        vendorCode: isRefusal ? news.vendorCode : '',
        vendorMessage: isRefusal ? news.vendorMessage : news.reason,
        charge: 'CHARGE_NONE',
        cost: noMoney,
        ...nextTry(state, command.now, decision),
        nextModel: decision.kind === 'next-of-route' ? decision.model : '',
        ...withEvidence(isRefusal ? news.evidence : undefined),
      },
    };
    return conclude(state, command.now, [failure], decision);
  }
  // The first send's fate says nothing of the same bytes sent again.
  if (attempt.repeats > 0) return refused(attempt.everAccepted ? 'was_accepted' : 'absence_not_proven');
  return settledAsNotThere(state, attempt, command, decision, {
    resolution: 'RESOLUTION_REFUSED',
    end,
    failureClass,
    reason: isRefusal ? `${news.vendorCode} ${news.vendorMessage}`.trim() : news.reason,
    ...withEvidence(isRefusal ? news.evidence : undefined),
  });
}

/** From when on a look-up that finds nothing may prove that there is nothing. Milliseconds since the epoch. */
export function absenceProvenFrom(attempt: Attempt, contract: SubmissionContract): number {
  return attempt.sendBy + (contract.acceptLagSeconds + contract.settlingSeconds) * 1000;
}

/** A look-up that found no job: proof only where the vendor's contract makes it one. */
export function absent(
  state: GenerationState,
  attempt: Attempt,
  command: Hear,
  news: NewsOf<'absent'>,
): Decision {
  const { contract } = command;
  const isListed = contract.submit === 'lookup' || contract.submit === 'keyed-reject';
  const proven =
    isListed &&
    contract.absence === 'proof' &&
    !isKeyUsed(attempt) &&
    news.lookedUpAt >= absenceProvenFrom(attempt, contract);
  if (!proven) return refused('absence_not_proven');
  const failureClass = 'FAILURE_CLASS_NETWORK';
  const decision = retryAfterEnd(state, attempt, command, {
    outcome: 'not_there',
    failureClass,
    charge: 'CHARGE_NONE',
  });
  return settledAsNotThere(state, attempt, command, decision, {
    resolution: 'RESOLUTION_NOT_THERE',
    end: 'ATTEMPT_END_UNSPECIFIED',
    failureClass,
    reason: 'not in the listing',
    ...withEvidence(news.evidence),
  });
}

function settledAsNotThere(
  state: GenerationState,
  attempt: Attempt,
  command: Hear,
  decision: RetryDecision,
  said: {
    readonly resolution: Resolution;
    readonly end: AttemptEnd;
    readonly failureClass: FailureClass;
    readonly reason: string;
    readonly evidence?: Evidence;
  },
): Decision {
  if (attempt.everAccepted) return refused('was_accepted');
  if (attempt.status !== 'unknown' && attempt.status !== 'given_up') return refused('nothing_new');
  const isCurrent = state.phase === 'unresolved' && attempt.number === state.current;
  const next = isCurrent ? nextTry(state, command.now, decision) : { retryRule: '' };
  const event: GenerationEvent = {
    type: 'SubmissionResolved',
    data: {
      run: state.run,
      attempt: attempt.number,
      vendorJobId: '',
      acceptDoubleCharge: false,
      charge: 'CHARGE_NONE',
      cost: noMoney,
      ...said,
      ...next,
    },
  };
  return isCurrent ? conclude(state, command.now, [event], decision) : emitted([event]);
}
