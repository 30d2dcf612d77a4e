import type { WaitingPlace, WorkTable } from '@darkroom/work-table';

/** At once; what wakes is claimed, looked at and put into another queue, beside the work that runs. */
const mostAtOnce = 50;
/** What had nowhere to go, or came since, is looked at again then. */
const restMs = 30_000;

interface Pass {
  readonly after: WaitingPlace | null;
  readonly notBefore: number;
}

/** Where rows wait, and a clock in milliseconds. */
export interface Rerouting {
  readonly accounts: readonly string[];
  readonly jobs: Pick<WorkTable, 'wakeWaiting'>;
  readonly now: () => number;
}

/**
 * Wakes what waits for accounts that do not run and may go elsewhere, as long as others run: a few rows a call, along the whole queue,
 * and then along it anew after a rest. Whenever an account comes to run, or no longer does, it begins at once.
 * @returns to be called again and again, with whether an account runs
 */
export function rerouteWaiting({
  accounts,
  jobs,
  now,
}: Rerouting): (isRunning: (account: string) => boolean) => Promise<void> {
  const passes = new Map<string, Pass>();
  let ranBefore: readonly string[] = [];
  return async (isRunning) => {
    const running = accounts.filter(isRunning);
    // What found nowhere to go before may go there.
    if (running.some((id) => !ranBefore.includes(id))) passes.clear();
    ranBefore = running;
    for (const id of running) passes.delete(id);
    if (running.length === 0) return;
    for (const id of accounts.filter((one) => !running.includes(one))) {
      const { after, notBefore } = passes.get(id) ?? { after: null, notBefore: now() };
      if (now() < notBefore) continue;
      const next = await jobs.wakeWaiting(id, after, mostAtOnce);
      passes.set(id, { after: next, notBefore: next === null ? now() + restMs : now() });
    }
  };
}
