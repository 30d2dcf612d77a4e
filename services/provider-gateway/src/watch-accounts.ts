import { watchGauge } from '@darkroom/platform';
import type { WorkTable } from '@darkroom/work-table';
import type { AccountGate } from './adapters/account-gate.js';

interface Watched {
  readonly accounts: readonly { readonly id: string; readonly slots: number }[];
  readonly jobs: Pick<WorkTable, 'freeSlots' | 'overdue'>;
  readonly gate: Pick<AccountGate, 'closed'>;
}

/** How long a row may be due before nobody seems to take it. */
const lateSeconds = 60;

/**
 * What of the provider accounts, and of the work for them, is shown to whoever looks at the metrics.
 * @returns its end
 */
export function watchAccounts({ accounts, jobs, gate }: Watched): () => void {
  const ends = [
    watchGauge('limit', async () =>
      accounts.map(({ id, slots }) => ({ value: slots, labels: { account: id } })),
    ),
    watchGauge('inFlight', () =>
      Promise.all(
        accounts.map(async ({ id, slots }) => ({
          value: slots - (await jobs.freeSlots(id, slots)),
          labels: { account: id },
        })),
      ),
    ),
    watchGauge('heldBack', async () => {
      const closed = await gate.closed();
      return accounts.map(({ id }) => ({ value: closed.has(id) ? 1 : 0, labels: { account: id } }));
    }),
    watchGauge('stalled', async () => [
      { value: await jobs.overdue(lateSeconds), labels: { service: 'provider-gateway' } },
    ]),
  ];
  return () => {
    for (const end of ends) end();
  };
}
