import type { AccountLimits, ProviderAccountState } from '@darkroom/domain';
import { allAccounts } from '@darkroom/provider-accounts';

interface LimitsView {
  readonly concurrent: number;
  readonly submits_per_second: number | null;
  readonly burst: number | null;
  readonly spend_per_day_micros: string | null;
}

/** A provider account as operators see it. */
export interface AccountView {
  readonly id: string;
  readonly vendor: string;
  /** What a change must name. */
  readonly decision_version: number;
  /** `probing`: one submit at a time shows whether the vendor takes it again. */
  readonly submits: 'running' | 'probing' | 'paused';
  readonly pauses: readonly { readonly by: string; readonly reason: string; readonly since: string }[];
  /** Null where it stands for all accounts: each has its own. */
  readonly limits: LimitsView | null;
  readonly configured: LimitsView | null;
  readonly overridden: boolean;
  readonly policy: PolicyView | null;
}

interface PolicyView {
  /** What nobody could settle in time is submitted once more, at the risk of a second charge. */
  readonly resubmit_unknown: boolean;
}

const byWhom = {
  PAUSE_CAUSE_UNSPECIFIED: 'unknown',
  PAUSE_CAUSE_VENDOR: 'vendor',
  PAUSE_CAUSE_OPERATOR: 'operator',
  PAUSE_CAUSE_BREAKER: 'breaker',
} as const;

/** What an operator is shown of an account. */
export function accountView(state: ProviderAccountState): AccountView {
  const pauses = Object.entries(byWhom).flatMap(([cause, by]) => {
    const pause = Object.entries(state.pauses).find(([name]) => name === cause)?.[1];
    return pause === undefined
      ? []
      : [{ by, reason: pause.reason, since: new Date(pause.since).toISOString() }];
  });
  const isOne = state.account !== allAccounts;
  const isPaused = state.pauses.PAUSE_CAUSE_OPERATOR !== undefined;
  return {
    id: state.account,
    vendor: state.vendor,
    decision_version: state.decisionVersion,
    submits: isPaused ? 'paused' : pauses.length > 0 ? 'probing' : 'running',
    pauses,
    limits: isOne ? limitsView(state.limits) : null,
    configured: isOne ? limitsView(state.configured) : null,
    overridden: state.isOverridden,
    policy: isOne ? { resubmit_unknown: state.resubmitsUnknown } : null,
  };
}

function limitsView({ concurrent, perSecond, burst, spendPerDayMicros }: AccountLimits): LimitsView {
  return {
    concurrent,
    submits_per_second: perSecond,
    burst: perSecond === null ? null : burst,
    spend_per_day_micros: spendPerDayMicros === null ? null : String(spendPerDayMicros),
  };
}
