import type { AccountCommand, AccountLimits, ProviderAccountState } from '@darkroom/domain';
import type { AccountBody } from '../http/schemas.js';

/** What an operator's change asks of an account, in order. */
export function toAccountCommands(body: AccountBody, state: ProviderAccountState): AccountCommand[] {
  const { reason, limits, policy, submits } = body;
  return [
    ...(limits === undefined ? [] : [limitsCommand(limits, reason)]),
    ...(policy === undefined
      ? []
      : [{ type: 'change-policy' as const, resubmitsUnknown: policy.resubmit_unknown, reason }]),
    ...(submits === undefined ? [] : submitsCommands(submits, reason, state)),
  ];
}

function limitsCommand(limits: NonNullable<AccountBody['limits']>, reason: string): AccountCommand {
  if (limits === 'as_configured') return { type: 'limits-as-configured', reason };
  const { concurrent, submits_per_second: perSecond, burst, spend_per_day_micros: spend } = limits;
  const changed: Partial<AccountLimits> = {
    ...(concurrent === undefined ? {} : { concurrent }),
    ...(perSecond === undefined ? {} : { perSecond }),
    ...(burst === undefined ? {} : { burst }),
    ...(spend === undefined ? {} : { spendPerDayMicros: spend === null ? null : BigInt(spend) }),
  };
  return { type: 'change-limits', limits: changed, reason };
}

function submitsCommands(
  submits: 'pause' | 'resume',
  reason: string,
  { pauses }: ProviderAccountState,
): AccountCommand[] {
  if (submits === 'pause') return [{ type: 'pause', cause: 'PAUSE_CAUSE_OPERATOR', reason }];
  const causes = (['PAUSE_CAUSE_OPERATOR', 'PAUSE_CAUSE_BREAKER', 'PAUSE_CAUSE_VENDOR'] as const).filter(
    (cause) => pauses[cause] !== undefined,
  );
  // Where nothing holds it back, the domain says so.
  return (causes.length > 0 ? causes : (['PAUSE_CAUSE_OPERATOR'] as const)).map((cause) => ({
    type: 'resume',
    cause,
    reason,
  }));
}
