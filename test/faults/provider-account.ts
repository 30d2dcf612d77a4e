import { z } from 'zod';
import type { LedgerLine } from './client.js';
import type { OwnProcess } from './own-process.js';
import { operatorKey } from './service-world.js';

const shown = z.object({ data: z.object({ decision_version: z.number() }) });

/** What an operator orders of an account, on what is to be seen of it now. */
export async function orderOf(controlPlane: OwnProcess, account: string, change: object): Promise<void> {
  const url = `${controlPlane.url}/ops/v1/providers/${account}`;
  const headers = { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' };
  const { data } = shown.parse(await (await fetch(url, { headers })).json());
  const body = JSON.stringify({ reason: 'a test', expected_version: data.decision_version, ...change });
  expect((await fetch(url, { method: 'PATCH', headers, body })).status).toBe(200);
}

/** Most submits of a window above what a bucket of this rate (a second) and burst lets through; 0 or less: none. */
export function excessOver(ledger: readonly LedgerLine[], rate: number, burst: number): number {
  const times = ledger.map(({ at }) => Date.parse(at));
  let [level, last, worst] = [burst, times[0] ?? 0, -Infinity];
  for (const at of times) {
    level = Math.min(burst, level + ((at - last) / 1_000) * rate) - 1;
    worst = Math.max(worst, -level);
    last = at;
  }
  return worst;
}
