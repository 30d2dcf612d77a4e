import type { EventData, PauseCause, ProviderEventType } from '@darkroom/contract';

/** What an account may be asked for. */
export interface AccountLimits {
  /** Jobs at once, over all gateways; 0: none. */
  readonly concurrent: number;
  /** Submits a second; null: no limit. */
  readonly perSecond: number | null;
  /** Submits at once after a rest; means something only beside `perSecond`. */
  readonly burst: number;
  /** Millionths of a US dollar a day (UTC); null: no limit. */
  readonly spendPerDayMicros: bigint | null;
}

/** Why an account submits nothing, or only to see whether it may again. */
export interface AccountPause {
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** A provider account as its stream tells. */
export interface ProviderAccountState {
  readonly account: string;
  readonly vendor: string;
  /** Of the newest event. */
  readonly version: number;
  /** Of the newest that an operator or the configuration made: what an operator must have seen. A breaker opens and closes meanwhile. */
  readonly decisionVersion: number;
  readonly configured: AccountLimits;
  /** In force; `configured` unless an operator said otherwise. */
  readonly limits: AccountLimits;
  readonly isOverridden: boolean;
  /** Written policy: what nobody could settle in time is submitted anew, at the risk of a second charge. */
  readonly resubmitsUnknown: boolean;
  /** Each ends for itself. */
  readonly pauses: Partial<Readonly<Record<PauseCause, AccountPause>>>;
}

export type ProviderAccountEvent = {
  [T in ProviderEventType]: { readonly type: T; readonly data: EventData[T] };
}[ProviderEventType];

/** Milliseconds since the epoch. */
export type PlacedAccountEvent = ProviderAccountEvent & { readonly version: number; readonly at: number };

/** An empty stream is no account: its first event is `ProviderAccountRegistered`. */
export function foldAccount(
  events: readonly PlacedAccountEvent[],
  from?: ProviderAccountState,
): ProviderAccountState | undefined {
  return events.reduce<ProviderAccountState | undefined>(evolveAccount, from);
}

function evolveAccount(
  state: ProviderAccountState | undefined,
  event: PlacedAccountEvent,
): ProviderAccountState | undefined {
  if (event.type === 'ProviderAccountRegistered') return registered(state, event);
  if (state === undefined) throw new Error(`${event.type} of an account that was never registered`);
  const { version } = event;
  const isDecision = !('cause' in event.data) || event.data.cause === 'PAUSE_CAUSE_OPERATOR';
  return { ...state, ...changed(state, event), version, ...(isDecision ? { decisionVersion: version } : {}) };
}

function registered(
  state: ProviderAccountState | undefined,
  { data, version }: PlacedAccountEvent & { readonly type: 'ProviderAccountRegistered' },
): ProviderAccountState {
  const configured = limitsOf(data);
  if (state === undefined)
    return {
      account: data.account,
      vendor: data.vendor,
      version,
      decisionVersion: version,
      configured,
      limits: configured,
      isOverridden: false,
      resubmitsUnknown: false,
      pauses: {},
    };
  return {
    ...state,
    vendor: data.vendor,
    version,
    decisionVersion: version,
    configured,
    limits: state.isOverridden ? state.limits : configured,
  };
}

function changed(
  state: ProviderAccountState,
  event: Exclude<PlacedAccountEvent, { type: 'ProviderAccountRegistered' }>,
): Partial<ProviderAccountState> {
  switch (event.type) {
    case 'ProviderAccountLimitsChanged':
      return event.data.asConfigured
        ? { limits: state.configured, isOverridden: false }
        : { limits: limitsOf(event.data), isOverridden: true };
    case 'ProviderAccountPolicyChanged':
      return { resubmitsUnknown: event.data.resubmitUnknown };
    case 'ProviderAccountPaused': {
      const { cause, reason } = event.data;
      return { pauses: { ...state.pauses, [cause]: { reason, since: event.at } } };
    }
    case 'ProviderAccountResumed': {
      const { [event.data.cause]: _ended, ...others } = state.pauses;
      return { pauses: others };
    }
  }
}

/** As events have them: 0 is no limit, but for jobs at once. */
type LimitsInEvents = Pick<
  EventData['ProviderAccountRegistered'],
  'concurrent' | 'perSecond' | 'burst' | 'spendPerDayMicros'
>;

function limitsOf({ concurrent, perSecond, burst, spendPerDayMicros }: LimitsInEvents): AccountLimits {
  const spend = BigInt(spendPerDayMicros);
  const rate = Number(perSecond);
  return {
    concurrent,
    perSecond: rate > 0 && Number.isFinite(rate) ? rate : null,
    burst: Math.max(burst, 1),
    spendPerDayMicros: spend > 0n ? spend : null,
  };
}

/** The same as events have them. */
export function limitsInEvents(limits: AccountLimits): LimitsInEvents {
  return {
    concurrent: limits.concurrent,
    perSecond: limits.perSecond ?? 0,
    burst: limits.burst,
    spendPerDayMicros: String(limits.spendPerDayMicros ?? 0n),
  };
}

/** Whether two mean the same. */
export function sameLimits(a: AccountLimits, b: AccountLimits): boolean {
  return (
    a.concurrent === b.concurrent &&
    a.perSecond === b.perSecond &&
    a.burst === b.burst &&
    a.spendPerDayMicros === b.spendPerDayMicros
  );
}
