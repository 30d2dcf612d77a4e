import { refused } from '../commands.js';
import { decide } from '../decide.js';
import { planGateway } from '../plan-gateway.js';
import type { Rules } from './world.js';

/** The product. */
export const product: Rules = { decide, plan: planGateway, maySend: (now, sendBy) => now <= sendBy };

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
  /** A cancellation that arrives while a submit is in flight is answered and forgotten. */
  cancelDropped: {
    ...product,
    decide: (command, state) =>
      command.type === 'cancel' && state.phase === 'submitting'
        ? refused('already_asked')
        : decide(command, state),
  },
} as const satisfies Record<string, Rules>;
