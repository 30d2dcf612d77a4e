import { type Command, type CommandOf, type Decision, emitted, refused } from './commands.js';
import { maxNotifications, mayTurnOutAccepted } from './conditions.js';
import { giveUp } from './decide-give-up.js';
import { hear } from './decide-hear.js';
import {
  adoptOrphan,
  extendDeadline,
  orderFailure,
  orderRetry,
  requestCancel,
  resolveAttempt,
} from './decide-intervention.js';
import { concludeStoring, rejectArtifact, storeArtifact } from './decide-storing.js';
import { recordCost, refreshOutput, repeatSubmission, startSubmission, tick } from './decide-submission.js';
import { rfc3339 } from './ending.js';
import { attemptOf, type GenerationState, isFinal, vendorOf } from './state.js';

/**
 * What follows from a command: events, to be appended at exactly `state.version`, or a reason why not. Pure: time and
 * randomness come with the command. Every race that can happen is refused here; nothing is thrown.
 */
export function decide(command: Command, state: GenerationState): Decision {
  switch (command.type) {
    case 'start-submission':
      return startSubmission(state, command);
    case 'hear':
      return hear(state, command);
    case 'repeat-submission':
      return repeatSubmission(state, command);
    case 'give-up':
      return giveUp(state, command);
    case 'tick':
      return tick(state, command);
    case 'refresh-output':
      return refreshOutput(state, command);
    case 'record-cost':
      return recordCost(state, command);
    case 'store-artifact':
      return storeArtifact(state, command);
    case 'reject-artifact':
      return rejectArtifact(state, command);
    case 'conclude-storing':
      return concludeStoring(state, command);
    case 'cancel':
      return requestCancel(state, command);
    case 'notify':
      return notify(state, command);
    case 'erase':
      return erase(state, command);
    case 'retry':
      return orderRetry(state, command);
    case 'fail':
      return orderFailure(state, command);
    case 'resolve':
      return resolveAttempt(state, command);
    case 'adopt':
      return adoptOrphan(state, command);
    case 'extend':
      return extendDeadline(state, command);
    case 'mark-stalled':
      return markStalled(state, command);
  }
}

function notify(state: GenerationState, command: CommandOf<'notify'>): Decision {
  const attempt = attemptOf(state, command.attempt);
  // What one vendor vouches for says nothing of what another was asked.
  if (attempt === undefined || vendorOf(attempt.model) !== command.vendor) return refused('unknown_attempt');
  if (attempt.notificationBodies.includes(command.bodySha256)) return refused('nothing_new');
  if (attempt.notifications >= maxNotifications) return refused('too_many');
  const { status } = attempt;
  const hasJob = status === 'started' || status === 'accepted' || status === 'abandoned';
  if (!mayTurnOutAccepted(attempt) && (isFinal(state.phase) || !hasJob)) return refused('nothing_new');
  const { notificationId, bodySha256, signed, body, stagingKey } = command;
  // Its pictures would be kept again.
  if (state.erased && body === null) return refused('already_erased');
  return emitted([
    {
      type: 'ProviderNotified',
      data: {
        run: state.run,
        attempt: attempt.number,
        notificationId,
        bodySha256,
        signed,
        ...(body === null ? {} : { body }),
        stagingKey,
      },
    },
  ]);
}

function erase(state: GenerationState, { reason }: CommandOf<'erase'>): Decision {
  if (!isFinal(state.phase)) return refused('not_final');
  if (state.erased) return refused('already_erased');
  return emitted([{ type: 'PersonalDataErased', data: { run: state.run, reason } }]);
}

function markStalled(state: GenerationState, { since }: CommandOf<'mark-stalled'>): Decision {
  if (isFinal(state.phase)) return refused('already_final');
  if (state.stalled?.phaseVersion === state.phaseVersion) return refused('already_asked');
  const { run, phase, phaseVersion } = state;
  return emitted([
    {
      type: 'GenerationStalled',
      data: { run, state: phase, enteredAtVersion: phaseVersion, since: rfc3339(since) },
    },
  ]);
}
