import { providerEventTypes, type ProviderEventType } from '@darkroom/contract';
import { foldAccount, type ProviderAccountState } from '@darkroom/domain';
import { deterministicId, type EventStore, type RecordedEvent } from '@darkroom/event-store';

type AccountRecord = Extract<RecordedEvent, { readonly type: ProviderEventType }>;

/** Streams of accounts are no tenant's. */
export const tenantOfAccounts = '(provider accounts)';

/** Stands for all accounts: what pauses it stops every submit. */
export const allAccounts = '*';

/** UUID of an account's stream. */
export function providerAccountStream(account: string): string {
  return deterministicId('provider-account', account);
}

const types = new Set<string>(providerEventTypes);

/** An account with the events that brought it here from what was known of it. */
export interface LoadedProviderAccount {
  readonly state: ProviderAccountState;
  readonly events: readonly AccountRecord[];
}

/** An account as its stream tells, read on from what is known of it. Undefined: nobody registered it. */
export async function loadProviderAccount(
  store: Pick<EventStore, 'readStream'>,
  account: string,
  from?: ProviderAccountState,
): Promise<LoadedProviderAccount | undefined> {
  const recorded = await store.readStream(providerAccountStream(account), { after: from?.version ?? 0 });
  const events = recorded.filter((event): event is AccountRecord => types.has(event.type));
  const state = foldAccount(
    events.map((event) => ({ ...event, at: event.recordedAt.getTime() })),
    from,
  );
  return state === undefined ? undefined : { state, events };
}
