import {
  type AccountCommand,
  decideAccount,
  foldAccount,
  type ProviderAccountEvent,
  type ProviderAccountState,
} from '@darkroom/domain';
import { eventId, type EventStore, type NewEvent } from '@darkroom/event-store';
import { loadProviderAccount, providerAccountStream, tenantOfAccounts } from '@darkroom/provider-accounts';
import { insertAudit } from '../audit/audit-log.js';
import type { Operator } from '../auth/operator-keys.js';
import type { AccountBody } from '../http/schemas.js';
import { toAccountCommands } from '../policy/to-account-commands.js';

export interface AccountChange {
  readonly account: string;
  readonly operator: Operator;
  readonly body: AccountBody;
  readonly traceparent: string;
}

export interface ChangeAccountPorts {
  readonly store: Pick<EventStore, 'readStream' | 'append'>;
  readonly now: () => number;
  readonly newId: () => string;
}

export type AccountChangeResult =
  | { readonly outcome: 'done'; readonly state: ProviderAccountState }
  | { readonly outcome: 'not-found' }
  /** Somebody decided since the operator looked. */
  | { readonly outcome: 'stale'; readonly decisionVersion: number }
  | { readonly outcome: 'refused'; readonly reason: 'nothing_new' | 'burst_without_rate' };

/** What the vendor or the breaker does meanwhile loses no operator's race more often than so. */
const mostRaces = 20;

/** One change of an account's limits, or of whether it submits: decided, on record, and in the audit, or none of it. */
export async function changeAccount(
  ports: ChangeAccountPorts,
  change: AccountChange,
): Promise<AccountChangeResult> {
  const { account, operator, body, traceparent } = change;
  const id = ports.newId();
  for (let race = 0; race < mostRaces; race += 1) {
    const loaded = await loadProviderAccount(ports.store, account);
    if (loaded === undefined) return { outcome: 'not-found' };
    const { state } = loaded;
    if (state.decisionVersion !== body.expected_version)
      return { outcome: 'stale', decisionVersion: state.decisionVersion };
    const decided = decideAll(toAccountCommands(body, state), state, ports.now());
    if ('refusal' in decided) return { outcome: 'refused', reason: decided.refusal };
    const events = decided.events.map((event, nth): NewEvent => ({
      id: eventId('account-change', id, nth),
      ...event,
    }));
    const { reason, expected_version: version, ...request } = body;
    const { outcome } = await ports.store.append({
      stream: providerAccountStream(account),
      expected: state.version,
      events,
      metadata: {
        tenant: tenantOfAccounts,
        actor: `operator:${operator.keyId}`,
        causationId: id,
        traceparent,
      },
      by: 'control-plane',
      with: {
        postgres: (tx) =>
          insertAudit(tx, {
            id,
            operator: operator.keyId,
            action: 'change-provider-account',
            generation: null,
            reason,
            request: { account, ...request },
            before: { version: state.version, decision_version: version },
            after: {
              version: decided.state.version,
              events: events.map((event) => ({ id: event.id, type: event.type })),
            },
          }),
      },
    });
    if (outcome === 'appended' || outcome === 'already-appended')
      return { outcome: 'done', state: decided.state };
    if (outcome !== 'conflict') throw new Error(`an account's change was ${outcome}`);
  }
  throw new Error(`${mostRaces} appends in a row lost their race`);
}

type Decided =
  | { readonly events: readonly ProviderAccountEvent[]; readonly state: ProviderAccountState }
  | { readonly refusal: 'nothing_new' | 'burst_without_rate' };

/** Each on what the ones before it lead to. */
function decideAll(commands: readonly AccountCommand[], from: ProviderAccountState, at: number): Decided {
  let state = from;
  const events: ProviderAccountEvent[] = [];
  for (const command of commands) {
    const decision = decideAccount(command, state);
    if (decision.kind === 'refused') {
      if (decision.reason === 'unknown_account') throw new Error('an account that was loaded is unknown');
      return { refusal: decision.reason };
    }
    const placed = decision.events.map((event, nth) => ({ ...event, version: state.version + 1 + nth, at }));
    events.push(...decision.events);
    state = foldAccount(placed, state) ?? state;
  }
  return { events, state };
}
