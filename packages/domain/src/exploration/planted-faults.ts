import { type Command, refused } from '../commands.js';
import { decide } from '../decide.js';
import { planGateway } from '../plan-gateway.js';
import type { SubmissionContract } from '../submission-contract.js';
import type { Rules } from './world.js';

/** The product. */
export const product: Rules = { decide, plan: planGateway, maySend: (now, sendBy) => now <= sendBy };

const longer = (contract: SubmissionContract): SubmissionContract => ({
  ...contract,
  keyScope:
    typeof contract.keyScope === 'number'
      ? contract.keyScope + contract.sendBySeconds + contract.acceptLagSeconds
      : contract.keyScope,
});

const rememberingLonger = (command: Command): Command =>
  command.type === 'repeat-submission' ? { ...command, contract: longer(command.contract) } : command;

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
} as const satisfies Record<string, Rules>;
