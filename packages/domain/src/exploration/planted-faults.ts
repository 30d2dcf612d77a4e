import { type Command, type Decision, emitted, refused } from '../commands.js';
import { decide } from '../decide.js';
import { evolve } from '../evolve.js';
import { orphanEvents } from '../learn-job.js';
import { planGateway } from '../plan-gateway.js';
import { attemptOf, type GenerationState } from '../state.js';
import type { SubmissionContract } from '../submission-contract.js';
import type { Rules } from './world.js';

/** The product. */
export const product: Rules = {
  decide,
  evolve,
  plan: planGateway,
  maySend: (now, sendBy) => now <= sendBy,
};

/** The same, where what nobody can settle is submitted once more. */
export const resubmitting: Rules = {
  ...product,
  plan: (state, now, contractOf) => planGateway(state, now, contractOf, { resubmitsUnknown: () => true }),
};

const longer = (contract: SubmissionContract): SubmissionContract => ({
  ...contract,
  keyScope:
    typeof contract.keyScope === 'number'
      ? contract.keyScope + contract.sendBySeconds + contract.acceptLagSeconds
      : contract.keyScope,
});

const rememberingLonger = (command: Command): Command =>
  command.type === 'repeat-submission' ? { ...command, contract: longer(command.contract) } : command;

function asOrphan(decision: Decision, state: GenerationState): Decision {
  const found = decision.kind === 'events' ? decision.events[0] : undefined;
  if (found?.type !== 'SubmissionResolved' || found.data.resolution !== 'RESOLUTION_FOUND') return decision;
  const { attempt: number, vendorJobId: jobId, charge, cost, reason } = found.data;
  const attempt = attemptOf(state, number);
  return attempt === undefined
    ? decision
    : emitted(orphanEvents(state, attempt, { jobId, charge, cost, reason }));
}

/** Mistakes that somebody could make, each of which the exploration must find. */
export const plantedFaults = {
  noSendBy: { ...product, maySend: () => true },
  /** An unknown outcome is taken for one that was never sent. */
  blindRepeat: {
    ...product,
    decide: (command, state) =>
      command.type === 'hear' && command.news.kind === 'unknown'
        ? decide(
            {
              ...command,
              news: { kind: 'not_sent', failureClass: 'FAILURE_CLASS_TIMEOUT', reason: 'no answer' },
            },
            state,
          )
        : decide(command, state),
  },
  /** The first empty listing is taken for proof. */
  notThereAtOnce: {
    ...product,
    decide: (command, state) =>
      command.type === 'hear' && command.news.kind === 'absent'
        ? decide({ ...command, news: { kind: 'absent', lookedUpAt: Number.MAX_SAFE_INTEGER } }, state)
        : decide(command, state),
  },
  /** What became of the first send is taken for what became of the same bytes sent again. */
  firstSendSettles: {
    ...product,
    decide: (command, state) =>
      command.type === 'hear' && command.news.kind === 'not_sent'
        ? decide(command, {
            ...state,
            attempts: state.attempts.map((attempt) => ({ ...attempt, repeats: 0 })),
          })
        : decide(command, state),
  },
  /** A key is used as long as the vendor remembers it now, not until the bytes are there. */
  keyUsedToTheLast: {
    ...product,
    decide: (command, state) => decide(rememberingLonger(command), state),
    plan: (state, now, contractOf) =>
      planGateway(state, now, (model) => {
        const contract = contractOf(model);
        return contract === undefined ? undefined : longer(contract);
      }),
  },
  /** A cancellation that arrives while a submit is in flight is answered and forgotten. */
  cancelDropped: {
    ...product,
    decide: (command, state) =>
      command.type === 'cancel' && state.phase === 'submitting'
        ? refused('already_asked')
        : decide(command, state),
  },
  /** Who asked for the end of one run has asked for that of the next. */
  cancelOutlivesItsRun: {
    ...product,
    evolve: (state, event) => {
      const then = evolve(state, event);
      return event.type === 'OrphanAdopted' ? { ...then, cancelAsked: state.cancelAsked } : then;
    },
  },
  /** The order to leave an attempt outlives it, and befalls the next one, whose second charge nobody accepted. */
  abandonOutlivesItsAttempt: {
    ...product,
    evolve: (state, event) => {
      const then = evolve(state, event);
      return event.type === 'AttemptFailed' ? { ...then, abandonOrdered: state.abandonOrdered } : then;
    },
  },
  /** A job of an earlier run that turns up before the new run has sent anything is noted, and not used. */
  lateJobIsAnOrphan: {
    ...product,
    decide: (command, state) =>
      command.type === 'hear' && state.phase === 'requested'
        ? asOrphan(decide(command, state), state)
        : decide(command, state),
  },
  /** The same bytes are sent again although the client was told that it is over. */
  repeatedAfterCancel: {
    ...product,
    decide: (command, state) =>
      decide(command, command.type === 'repeat-submission' ? { ...state, cancelAsked: null } : state),
    plan: (state, now, contractOf) => {
      const action = planGateway(state, now, contractOf);
      return action.do === 'settle' ? planGateway({ ...state, cancelAsked: null }, now, contractOf) : action;
    },
  },
  /** A second charge that was accepted once is taken for a licence: whatever the attempt turns out to be. */
  acceptanceIsForEver: {
    ...product,
    evolve: (state, event) => {
      const then = evolve(state, event);
      const attempts = then.attempts.map((attempt, index) => ({
        ...attempt,
        secondChargeAccepted:
          attempt.secondChargeAccepted || state.attempts[index]?.secondChargeAccepted === true,
      }));
      return { ...then, attempts };
    },
  },
  /** What is heard of an earlier run's attempt is dropped. */
  earlierRunsAreForgotten: {
    ...product,
    decide: (command, state) =>
      command.type === 'hear' && attemptOf(state, command.attempt)?.run !== state.run
        ? refused('nothing_new')
        : decide(command, state),
  },
} as const satisfies Record<string, Rules>;
