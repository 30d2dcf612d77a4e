import { type CommandOf, type Decision, emitted, refused } from './commands.js';
import { isChargeInTheWay, maxRefreshes } from './conditions.js';
import { after, endEvent, endingOf, endingSince, failedEvent, rfc3339 } from './ending.js';
import type { GenerationEvent } from './event.js';
import { orphanEvents } from './learn-job.js';
import { noMoney } from './money.js';
import { type Attempt, attemptOf, currentAttempt, type GenerationState, isFinal } from './state.js';
import type { SubmissionContract } from './submission-contract.js';
import { isKeyUsed } from './unknown-cause.js';

/** Intent to submit: nothing may be sent unless this was recorded. */
export function startSubmission(state: GenerationState, command: CommandOf<'start-submission'>): Decision {
  const { now } = command;
  if (isFinal(state.phase)) return refused('already_final');
  if (state.phase !== 'requested' && state.phase !== 'waiting') return refused('not_now');
  const ending = endingOf(state, now);
  if (ending !== null) return refused(ending === 'deadline' ? 'past_deadline' : 'ending');
  if (state.retryAt !== null && now < state.retryAt) return refused('not_now');
  if (isChargeInTheWay(state)) return refused('double_charge_not_accepted');
  const { account, model, reference, seed, sendBy, estimatedCost, isProbe } = command;
  return emitted([
    {
      type: 'SubmissionStarted',
      data: {
        run: state.run,
        attempt: state.attempts.length + 1,
        account,
        model,
        reference,
        seed,
        sendBy: rfc3339(sendBy),
        estimatedCost,
        probe: isProbe,
      },
    },
  ]);
}

/** A key for one use is tried no oftener, however long its vendor cannot be asked: a log does not grow for ever. */
export const mostRepeatsOfKey = 100;

/** Whether what is sent again until `sendBy` reaches a vendor that still knows the key: to one that has forgotten it, it is a new request. */
export function isKeyKept(attempt: Attempt, contract: SubmissionContract, sendBy: number): boolean {
  const { submit, keyScope, acceptLagSeconds } = contract;
  if (submit !== 'keyed-reject' && submit !== 'keyed-replay') return false;
  if (keyScope === 'forever') return true;
  // One that is forgotten when its run ends, or nobody knows when, protects nothing once the outcome is unknown.
  if (typeof keyScope !== 'number') return false;
  return sendBy + acceptLagSeconds * 1000 < attempt.startedAt + keyScope * 1000;
}

/** Whether the same bytes may be sent again under the same key, until `sendBy`. */
export function mayRepeatUnder(attempt: Attempt, contract: SubmissionContract, sendBy: number): boolean {
  // One for one use that was refused as used is refused for ever: it says nothing new. Tries without an answer say nothing at all.
  if (contract.submit === 'keyed-reject' && (isKeyUsed(attempt) || attempt.repeats >= mostRepeatsOfKey))
    return false;
  return isKeyKept(attempt, contract, sendBy);
}

/** The same bytes again: only while nothing asks to end, as it may be what starts the bill. */
export function repeatSubmission(state: GenerationState, command: CommandOf<'repeat-submission'>): Decision {
  const { now, contract } = command;
  const attempt = currentAttempt(state);
  if (state.phase !== 'unresolved' || attempt?.number !== command.attempt) return refused('nothing_new');
  if (endingOf(state, now) !== null) return refused('ending');
  if (now <= attempt.sendBy) return refused('not_now');
  if (attempt.everAccepted || !mayRepeatUnder(attempt, contract, command.sendBy))
    return refused('out_of_scope');
  const { run } = state;
  return emitted([
    {
      type: 'SubmissionRepeated',
      data: {
        run,
        attempt: attempt.number,
        sendBy: rfc3339(command.sendBy),
        repeat: attempt.repeats + 1,
      },
    },
  ]);
}

/** Whatever time alone brings about: the end that was asked for, or an attempt to be left. */
export function tick(state: GenerationState, { now, contract }: CommandOf<'tick'>): Decision {
  const ending = endingOf(state, now);
  const attempt = currentAttempt(state);
  switch (state.phase) {
    case 'requested':
    case 'waiting':
      if (ending !== null) return emitted([endEvent(state, ending)]);
      // Nobody may pay again unasked: the run cannot go on.
      return isChargeInTheWay(state)
        ? emitted([failedEvent(state, 'ERROR_CODE_PROVIDER_FAILED')])
        : refused('nothing_new');
    case 'unresolved':
      return ending === null || now < (attempt?.settleUntil ?? 0)
        ? refused('nothing_new')
        : emitted([endEvent(state, ending)]);
    case 'processing': {
      if (attempt === undefined) return refused('nothing_new');
      const until = vendorHasUntil(state, attempt, now, contract);
      if (until === null) return refused('nothing_new');
      if (now < until) return refused('not_now');
      return ending === null ? abandon(state, attempt) : endUnconfirmed(state, attempt, now, contract);
    }
    default:
      return refused('nothing_new');
  }
}

/**
 * Until when a vendor may confirm that a running job is over; null: nothing asks for its end. It counts from the
 * acceptance where the end was asked for before: what was not accepted could not be canceled. Milliseconds since the epoch.
 */
export function vendorHasUntil(
  state: GenerationState,
  attempt: Attempt,
  now: number,
  contract: SubmissionContract | null,
): number | null {
  const ending = endingOf(state, now);
  const since = ending === null ? state.abandonOrdered?.at : endingSince(state, ending);
  if (since === undefined) return null;
  const grace = contract === null || contract.cancel === 'never' ? 0 : contract.graceSeconds * 1000;
  return Math.max(since, attempt.acceptedAt ?? 0) + grace;
}

function endUnconfirmed(
  state: GenerationState,
  attempt: Attempt,
  now: number,
  contract: SubmissionContract | null,
): Decision {
  const ending = endingOf(state, now);
  if (ending === null) return refused('nothing_new');
  const orphans = orphanEvents(state, attempt, {
    jobId: attempt.vendorJobId,
    charge: contract?.failedRunsCharged === true ? 'CHARGE_CERTAIN' : 'CHARGE_POSSIBLE',
    cost: noMoney,
    reason: 'the run ended while the job was running',
  });
  return emitted([...orphans, endEvent(after(state, now, orphans), ending)]);
}

/** Nobody confirmed its end: its job may go on and cost, which nothing of this run waits for any more. */
function abandon(state: GenerationState, attempt: Attempt): Decision {
  const { charge } = attempt;
  const reason = 'left behind for another attempt';
  const job = { jobId: attempt.vendorJobId, charge, cost: noMoney, reason };
  return emitted([
    {
      type: 'AttemptAbandoned',
      data: {
        run: state.run,
        attempt: attempt.number,
        reason: 'ordered by an operator',
        charge,
        cancelConfirmed: false,
        acceptDoubleCharge: true,
        nextModel: state.abandonOrdered?.model ?? '',
      },
    },
    ...orphanEvents(state, attempt, job),
  ]);
}

/** A fresh link, or the vendor's word that there is none. */
export function refreshOutput(
  state: GenerationState,
  { attempt, index, link }: CommandOf<'refresh-output'>,
): Decision {
  const output = state.outputs.find((candidate) => candidate.index === index);
  if (state.phase !== 'storing' || attempt !== state.current || output === undefined)
    return refused('nothing_new');
  if (!output.needsLink) return refused('nothing_new');
  if (output.refreshes >= maxRefreshes) return refused('too_many');
  const { run } = state;
  const refresh = output.refreshes + 1;
  const event: GenerationEvent = {
    type: 'OutputsRefreshed',
    data: { run, attempt, index, refresh, ...(link === null ? {} : { link }) },
  };
  return emitted([event]);
}

/** What an attempt cost, as the vendor says, perhaps long after. */
export function recordCost(state: GenerationState, command: CommandOf<'record-cost'>): Decision {
  const attempt = attemptOf(state, command.attempt);
  if (attempt === undefined) return refused('unknown_attempt');
  const { cost, source } = command;
  if (attempt.cost?.micros === cost.micros && attempt.cost.currency === cost.currency)
    return refused('nothing_new');
  return emitted([{ type: 'CostRecorded', data: { run: state.run, attempt: attempt.number, cost, source } }]);
}
