import {
  type AccountCommand,
  type AccountLimits,
  decideAccount,
  type ProviderAccountState,
} from '@darkroom/domain';
import type { EventStore, NewEvent } from '@darkroom/event-store';
import type { Logger } from '@darkroom/platform';
import {
  allAccounts,
  loadProviderAccount,
  providerAccountStream,
  tenantOfAccounts,
} from '@darkroom/provider-accounts';
import type { ClaimableAccount, WorkTable } from '@darkroom/work-table';
import { configuredLimits, type ProviderAccount } from './accounts.js';
import { type AccountGate, patienceMs, rateOf, type Standing } from './adapters/account-gate.js';
import { rerouteWaiting } from './reroute-waiting.js';

/** What an account may be asked for at this moment. */
export interface InForce {
  readonly limits: AccountLimits;
  /** Jobs at once that it is held to by now: less than its limit while its vendor has no room. 0: it submits nothing. */
  readonly slots: number;
  /** Milliseconds until what was refused before may be submitted again, as of a moment ago. A probe waits for no budget. */
  readonly retryMs: number;
}

/** Accounts as they are by now: configured, changed by operators, held back by their vendor. */
export interface AccountsInForce {
  of(account: string): InForce;
  /** Those that work waits for and that take some now, looked up anew; no more than their rate lets through soon. */
  claimable(): Promise<readonly ClaimableAccount[]>;
  standing(): readonly Standing[];
  /** Whether its written policy submits anew what nobody could settle in time. */
  resubmitsUnknown(account: string): boolean;
  /** Whether it submits as usual: neither stopped nor on probation. */
  isRunning(account: string): boolean;
  /** The account that work along these, in order, goes to: the first that runs, or now and then one that is to be probed. */
  along(accounts: readonly string[]): string | undefined;
  stop(): Promise<void>;
}

export interface AccountsInForceOptions {
  readonly accounts: readonly ProviderAccount[];
  readonly store: Pick<EventStore, 'append' | 'readStream'>;
  readonly jobs: Pick<WorkTable, 'waitedFor' | 'wakePhase' | 'wakeWaiting'>;
  readonly gate: Pick<AccountGate, 'standing' | 'resume' | 'forget'>;
  readonly newId: () => string;
  readonly random: () => number;
  readonly logger: Logger;
}

const refreshMs = 1_000;
/** What could not be looked up for so long is taken for stopped: an order to stop is in force by then. */
const staleMs = 4_000;
const forgetMs = 3_600_000;
const wakesAfterMs = [0, 10_000, 60_000];
/** Of the work that has somewhere else to go. */
const probingShare = 0.1;

/**
 * Registers the accounts and follows their streams. What pauses an account (its vendor, the breaker) is brought to its stream by whoever
 * sees that it is not there yet, so that no crash leaves the one without the other.
 */
export async function followAccounts(options: AccountsInForceOptions): Promise<AccountsInForce> {
  const { accounts, store, jobs, gate, newId, random, logger } = options;
  const states = new Map<string, ProviderAccountState>();
  /** When the open questions of these accounts are to be looked at: they rest in the belief that a person is to answer them. */
  let toWake: { readonly account: string; readonly at: number }[] = [];
  const resubmitting = new Set<string>();
  const reroute = rerouteWaiting({
    accounts: accounts.map(({ id }) => id),
    jobs,
    now: () => performance.now(),
  });
  let standings: readonly Standing[] = [];
  let refreshedAt = performance.now();
  let forgotAt = performance.now();

  const load = async (account: string): Promise<ProviderAccountState | undefined> => {
    const before = states.get(account);
    const loaded = await loadProviderAccount(store, account, before);
    if (loaded === undefined) return undefined;
    const isTakenUp = loaded.events.some(
      ({ type, data, metadata }) =>
        type === 'ProviderAccountResumed' &&
        data.cause !== 'PAUSE_CAUSE_OPERATOR' &&
        metadata.actor.startsWith('operator:'),
    );
    const { PAUSE_CAUSE_VENDOR: byVendor, PAUSE_CAUSE_BREAKER: byBreaker } = loaded.state.pauses;
    // Told by a person that the vendor is well again, and nothing has said otherwise since.
    if (before !== undefined && isTakenUp && (byVendor ?? byBreaker) === undefined)
      await gate.resume(account);
    // Behind it: where that failed, it is read and done once more.
    states.set(account, loaded.state);
    return loaded.state;
  };

  /** @returns false: somebody else was faster, and may have said the same */
  const order = async (account: string, command: AccountCommand): Promise<boolean> => {
    const state = await load(account);
    const decision = decideAccount(command, state);
    if (decision.kind === 'refused') return true;
    const { outcome } = await store.append({
      stream: providerAccountStream(account),
      expected: state?.version ?? 'none',
      events: decision.events.map((event): NewEvent => ({ id: newId(), ...event })),
      metadata: { tenant: tenantOfAccounts, actor: 'service:provider-gateway' },
      by: 'provider-gateway',
    });
    await load(account);
    return outcome !== 'conflict';
  };

  /** Brings an account's stream up to what its row says. */
  const tellPauses = async ({ account, pausedBy }: Standing): Promise<void> => {
    const { pauses } = states.get(account) ?? {};
    if (pauses === undefined) return;
    const causes = [
      ['PAUSE_CAUSE_BREAKER', pausedBy === 'BREAKER', 'its submits failed, or came to an unknown end'],
      [
        'PAUSE_CAUSE_VENDOR',
        pausedBy !== null && pausedBy !== 'BREAKER',
        `the vendor refuses it: ${pausedBy}`,
      ],
    ] as const;
    for (const [cause, isPaused, reason] of causes) {
      if (isPaused === (pauses[cause] !== undefined)) continue;
      await order(
        account,
        isPaused
          ? { type: 'pause', cause, reason }
          : { type: 'resume', cause, reason: 'a submit was taken, or an operator said so' },
      );
    }
  };

  /** Where a policy has come into force. Whoever was at work then, or has not heard of it, lets a question rest once more. */
  const wakeOpenQuestions = async (): Promise<void> => {
    const now = performance.now();
    for (const { id } of accounts) {
      if (!resubmitsUnknown(id)) resubmitting.delete(id);
      else if (!resubmitting.has(id)) {
        resubmitting.add(id);
        toWake.push(...wakesAfterMs.map((ms) => ({ account: id, at: now + ms })));
      }
    }
    for (const wake of toWake.filter(({ at }) => at <= now)) {
      await jobs.wakePhase(wake.account, 'unresolved');
      toWake = toWake.filter((one) => one !== wake);
    }
  };

  const refresh = async (): Promise<void> => {
    const began = performance.now();
    await Promise.all([...accounts.map(({ id }) => load(id)), load(allAccounts)]);
    standings = await gate.standing();
    refreshedAt = began;
    for (const standing of standings) await tellPauses(standing);
    await wakeOpenQuestions();
    await reroute(isRunning);
    if (performance.now() - forgotAt < forgetMs) return;
    forgotAt = performance.now();
    await gate.forget();
  };

  const standingOf = (id: string): Standing | undefined => standings.find(({ account }) => account === id);
  const isOrderedToStop = (id: string): boolean =>
    [id, allAccounts].some((name) => states.get(name)?.pauses.PAUSE_CAUSE_OPERATOR !== undefined);
  const isStopped = (id: string): boolean => performance.now() - refreshedAt > staleMs || isOrderedToStop(id);

  const limitsOf = (id: string): AccountLimits => {
    const limits = states.get(id)?.limits;
    if (limits === undefined) throw new Error(`the account ${id} was never registered`);
    return limits;
  };

  const inForce = (id: string): InForce => {
    const limits = limitsOf(id);
    const standing = standingOf(id);
    const bears = standing?.bears ?? limits.concurrent;
    const slots = isStopped(id) ? 0 : Math.min(limits.concurrent, Math.max(1, Math.floor(bears)));
    return { limits, slots, retryMs: standing?.pausedBy === null ? standing.retryMs : 0 };
  };

  const register = async (account: string, vendor: string, limits: AccountLimits): Promise<void> => {
    while (!(await order(account, { type: 'register', account, vendor, limits })));
  };
  // While nothing may be submitted, a question stays one. That nobody could look for a while changes nothing: it would wake them all again.
  const resubmitsUnknown = (id: string): boolean => {
    const state = states.get(id);
    return state?.resubmitsUnknown === true && state.limits.concurrent > 0 && !isOrderedToStop(id);
  };
  const isRunning = (id: string): boolean =>
    inForce(id).slots > 0 && (standingOf(id)?.pausedBy ?? null) === null;
  const mayBeProbed = (id: string): boolean => inForce(id).slots > 0 && standingOf(id)?.isClosed === false;

  for (const account of accounts) await register(account.id, account.vendor, configuredLimits(account));
  const nothing = { concurrent: 0, perSecond: null, burst: 1, spendPerDayMicros: null };
  await register(allAccounts, allAccounts, nothing);
  await refresh();

  let running: Promise<void> | undefined;
  const refreshOnce = async (): Promise<void> => {
    try {
      await refresh();
    } catch (error) {
      logger.warn({ err: error }, 'the accounts could not be looked up; it is tried again');
    }
    running = undefined;
  };
  const timer = setInterval(() => {
    running ??= refreshOnce();
  }, refreshMs);

  return {
    of: inForce,
    async claimable() {
      const waitedFor = await jobs.waitedFor();
      if (waitedFor.length === 0) return [];
      standings = await gate.standing();
      return accounts.flatMap(({ id }): ClaimableAccount[] => {
        if (!waitedFor.includes(id)) return [];
        const { limits, slots } = inForce(id);
        const standing = standingOf(id);
        if (slots === 0 || standing?.isClosed === true) return [];
        return [{ id, slots, most: soon(limits, standing?.nextTurnMs ?? 0, standing?.pausedBy ?? null) }];
      });
    },
    standing: () => standings,
    resubmitsUnknown,
    isRunning,
    along(ids) {
      const open = ids.find(isRunning);
      if (open === undefined) return ids[0];
      // Somebody has to go there, or nobody would ever see that it is back.
      const probed = ids.slice(0, ids.indexOf(open)).find(mayBeProbed);
      return probed !== undefined && random() < probingShare ? probed : open;
    },
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}

/** How many submits an account's rate lets through within what is waited for in place; of a paused one, the probe. */
function soon(limits: AccountLimits, nextTurnMs: number, pausedBy: string | null): number {
  if (pausedBy !== null) return 1;
  const { spacingMs, slackMs } = rateOf(limits);
  if (spacingMs === null) return Number.MAX_SAFE_INTEGER;
  return Math.max(0, Math.floor((patienceMs + slackMs - nextTurnMs) / spacingMs) + 1);
}
