import type { Database } from '@darkroom/event-store';
import type { Claim } from './job.js';
import type { JobNames } from './names.js';

/** Takes a slot for a held row, counted under the account's lock; one that it has already is its own. */
export async function takeSlot(
  sql: Database,
  names: JobNames,
  claim: Claim,
  account: string,
  slots: number,
): Promise<boolean> {
  const [row] = await sql<{ taken: boolean }[]>`
    SELECT ${sql(names.takeSlot)}(${claim.generation}, ${String(claim.fencing)}::bigint, ${account}, ${slots}) AS taken`;
  return row?.taken === true;
}

/** A look without the lock: what it says may be over at once. */
export async function freeSlots(
  sql: Database,
  names: JobNames,
  account: string,
  slots: number,
): Promise<number> {
  const [row] = await sql<{ used: number }[]>`
    SELECT count(*)::int AS used FROM ${sql(names.jobs)} WHERE account = ${account} AND holds_slot`;
  return Math.max(0, slots - (row?.used ?? 0));
}
