import { watchGauge } from '@darkroom/platform';
import type { WorkTable } from '@darkroom/work-table';
import type { AccountsInForce } from './accounts-in-force.js';

interface Watched {
  readonly ids: readonly string[];
  readonly jobs: Pick<WorkTable, 'heldSlots' | 'overdue'>;
  readonly accounts: Pick<AccountsInForce, 'of' | 'standing'>;
}

/** How long a row may be due before nobody seems to take it. */
const lateSeconds = 60;

/**
 * What of the provider accounts, and of the work for them, is shown to whoever looks at the metrics.
 * @returns its end
 */
export function watchAccounts({ ids, jobs, accounts }: Watched): () => void {
  const ofEach = (value: (id: string) => number) =>
    ids.map((id) => ({ value: value(id), labels: { account: id } }));
  const standingOf = (id: string) => accounts.standing().find(({ account }) => account === id);
  const ends = [
    watchGauge('limit', async () => ofEach((id) => accounts.of(id).slots)),
    watchGauge('inFlight', () =>
      Promise.all(ids.map(async (id) => ({ value: await jobs.heldSlots(id), labels: { account: id } }))),
    ),
    watchGauge('heldBack', async () => ofEach((id) => (standingOf(id)?.isClosed === true ? 1 : 0))),
    watchGauge('breakerOpen', async () => ofEach((id) => (standingOf(id)?.pausedBy === 'BREAKER' ? 1 : 0))),
    watchGauge('stalled', async () => [
      { value: await jobs.overdue(lateSeconds), labels: { service: 'provider-gateway' } },
    ]),
  ];
  return () => {
    for (const end of ends) end();
  };
}
