import type { PauseCause } from '@darkroom/contract';
import {
  type AccountLimits,
  limitsInEvents,
  type ProviderAccountEvent,
  type ProviderAccountState,
  sameLimits,
} from './account-state.js';

/** What is asked of an account. */
export type AccountCommand =
  | {
      readonly type: 'register';
      readonly account: string;
      readonly vendor: string;
      readonly limits: AccountLimits;
    }
  /** What is absent stays as it is. */
  | { readonly type: 'change-limits'; readonly limits: Partial<AccountLimits>; readonly reason: string }
  | { readonly type: 'limits-as-configured'; readonly reason: string }
  | { readonly type: 'change-policy'; readonly resubmitsUnknown: boolean; readonly reason: string }
  | { readonly type: 'pause'; readonly cause: PauseCause; readonly reason: string }
  | { readonly type: 'resume'; readonly cause: PauseCause; readonly reason: string };

export type AccountDecision =
  | { readonly kind: 'events'; readonly events: readonly ProviderAccountEvent[] }
  | { readonly kind: 'refused'; readonly reason: 'unknown_account' | 'nothing_new' | 'burst_without_rate' };

const nothingNew = { kind: 'refused', reason: 'nothing_new' } as const;
const emitted = (event: ProviderAccountEvent): AccountDecision => ({ kind: 'events', events: [event] });

/** Decides on a command about an account; undefined: it was never registered. */
export function decideAccount(
  command: AccountCommand,
  state: ProviderAccountState | undefined,
): AccountDecision {
  if (command.type === 'register') return register(command, state);
  if (state === undefined) return { kind: 'refused', reason: 'unknown_account' };
  const { account } = state;
  switch (command.type) {
    case 'change-limits': {
      const limits = { ...state.limits, ...command.limits };
      if (command.limits.burst !== undefined && limits.perSecond === null)
        return { kind: 'refused', reason: 'burst_without_rate' };
      if (sameLimits(limits, state.limits) && state.isOverridden) return nothingNew;
      return emitted({
        type: 'ProviderAccountLimitsChanged',
        data: { account, ...limitsInEvents(limits), reason: command.reason, asConfigured: false },
      });
    }
    case 'limits-as-configured':
      if (!state.isOverridden) return nothingNew;
      return emitted({
        type: 'ProviderAccountLimitsChanged',
        data: { account, ...limitsInEvents(state.configured), reason: command.reason, asConfigured: true },
      });
    case 'change-policy': {
      const { resubmitsUnknown: resubmitUnknown, reason } = command;
      if (resubmitUnknown === state.resubmitsUnknown) return nothingNew;
      return emitted({ type: 'ProviderAccountPolicyChanged', data: { account, resubmitUnknown, reason } });
    }
    case 'pause':
    case 'resume': {
      const { cause, reason } = command;
      const isPaused = state.pauses[cause] !== undefined;
      if (isPaused === (command.type === 'pause')) return nothingNew;
      const type = command.type === 'pause' ? 'ProviderAccountPaused' : 'ProviderAccountResumed';
      return emitted({ type, data: { account, cause, reason } });
    }
  }
}

/** At every start; on record only where it says something new. */
function register(
  { account, vendor, limits }: Extract<AccountCommand, { type: 'register' }>,
  state: ProviderAccountState | undefined,
): AccountDecision {
  if (state !== undefined && state.vendor === vendor && sameLimits(state.configured, limits))
    return nothingNew;
  return emitted({
    type: 'ProviderAccountRegistered',
    data: { account, vendor, ...limitsInEvents(limits) },
  });
}
