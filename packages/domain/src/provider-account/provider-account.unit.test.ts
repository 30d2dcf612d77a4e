import {
  type AccountLimits,
  foldAccount,
  type PlacedAccountEvent,
  type ProviderAccountState,
} from './account-state.js';
import { type AccountCommand, decideAccount } from './decide-account.js';

const limits: AccountLimits = { concurrent: 4, perSecond: 2, burst: 3, spendPerDayMicros: 5_000_000n };
const register = (changes: Partial<AccountLimits> = {}): AccountCommand => ({
  type: 'register',
  account: 'sim',
  vendor: 'sim',
  limits: { ...limits, ...changes },
});

/** The state after these, each decided on what the ones before it led to. */
function after(...commands: AccountCommand[]): ProviderAccountState {
  const state = commands.reduce<ProviderAccountState | undefined>((before, command) => {
    const decision = decideAccount(command, before);
    if (decision.kind === 'refused') throw new Error(decision.reason);
    const placed = decision.events.map((event, nth): PlacedAccountEvent => ({
      ...event,
      version: (before?.version ?? 0) + 1 + nth,
      at: 1_000,
    }));
    return foldAccount(placed, before);
  }, undefined);
  if (state === undefined) throw new Error('no account');
  return state;
}

const reason = 'the vendor asked us to';

it('has what is configured, until an operator says otherwise', () => {
  expect(after(register())).toMatchObject({ version: 1, limits, isOverridden: false, pauses: {} });
  const changed = after(register(), { type: 'change-limits', limits: { concurrent: 0 }, reason });
  expect(changed).toMatchObject({ version: 2, limits: { ...limits, concurrent: 0 }, configured: limits });
});

it("keeps an operator's limits over a start with another configuration, and forgets them when told so", () => {
  const change: AccountCommand = { type: 'change-limits', limits: { perSecond: null }, reason };
  const restarted = after(register(), change, register({ concurrent: 9 }));
  expect(restarted.limits).toEqual({ ...limits, perSecond: null });
  expect(
    after(register(), change, register({ concurrent: 9 }), { type: 'limits-as-configured', reason }).limits,
  ).toEqual({ ...limits, concurrent: 9 });
});

it('takes what is configured anew where nobody said otherwise', () => {
  expect(after(register(), register({ concurrent: 9 })).limits.concurrent).toBe(9);
});

it('belongs to another vendor where the configuration says so, limits or not', () => {
  const moved = after(register(), { type: 'register', account: 'sim', vendor: 'bfl', limits });
  expect(moved).toMatchObject({ vendor: 'bfl', limits, version: 2 });
});

it('resubmits what nobody could settle only where somebody wrote that it does', () => {
  const policy = (resubmitsUnknown: boolean): AccountCommand => ({
    type: 'change-policy',
    resubmitsUnknown,
    reason,
  });
  expect(after(register()).resubmitsUnknown).toBe(false);
  expect(after(register(), policy(true), register({ concurrent: 9 }))).toMatchObject({
    resubmitsUnknown: true,
    decisionVersion: 3,
  });
  expect(after(register(), policy(true), policy(false)).resubmitsUnknown).toBe(false);
  expect(decideAccount(policy(false), after(register()))).toEqual({ kind: 'refused', reason: 'nothing_new' });
});

it('is paused for each cause by itself', () => {
  const pause = (cause: 'PAUSE_CAUSE_BREAKER' | 'PAUSE_CAUSE_OPERATOR'): AccountCommand => ({
    type: 'pause',
    cause,
    reason,
  });
  const both = after(register(), pause('PAUSE_CAUSE_BREAKER'), pause('PAUSE_CAUSE_OPERATOR'), {
    type: 'resume',
    cause: 'PAUSE_CAUSE_BREAKER',
    reason,
  });
  // The breaker is no decision of anybody's.
  expect([both.version, both.decisionVersion]).toEqual([4, 3]);
  expect(both.pauses).toEqual({ PAUSE_CAUSE_OPERATOR: { reason, since: 1_000 } });
});

it.each([
  ['an account that nobody registered', { type: 'pause', cause: 'PAUSE_CAUSE_VENDOR', reason }, undefined],
  ['the same configuration again', register(), 'nothing_new'],
  ['a resume of what is not paused', { type: 'resume', cause: 'PAUSE_CAUSE_VENDOR', reason }, 'nothing_new'],
  ['limits as configured, which they are', { type: 'limits-as-configured', reason }, 'nothing_new'],
  [
    'a burst of no rate',
    { type: 'change-limits', limits: { perSecond: null, burst: 2 }, reason },
    'burst_without_rate',
  ],
] as const)('refuses %s', (_, command, why) => {
  const state = why === undefined ? undefined : after(register());
  expect(decideAccount(command, state)).toEqual({ kind: 'refused', reason: why ?? 'unknown_account' });
});
