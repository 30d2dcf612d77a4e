import type { Database } from '@darkroom/event-store';
import type { Claim } from './job.js';
import type { JobNames } from './names.js';
import type { SlotsFloor } from './slots-floor.js';

/** Takes a slot for a held row, counted under the account's lock; one that it has already is its own. */
export async function takeSlot(
  sql: Database,
  names: JobNames,
  claim: Claim,
  account: string,
  slots: number,
  floor: SlotsFloor,
  turn: 'in-turn' | 'first',
): Promise<boolean> {
  const [row] = await sql<{ taken: boolean }[]>`
    SELECT ${sql(names.takeSlot)}(${claim.generation}, ${String(claim.fencing)}::bigint, ${account}, ${slots},
      ${String(await floor.of(account))}::bigint, ${turn === 'first'}) AS taken`;
  return row?.taken === true;
}

/** Below which number no slot of an account is held, looked for beyond a number that is known to be so. */
export async function askSlotsFloor(
  sql: Database,
  names: JobNames,
  account: string,
  beyond: bigint,
): Promise<bigint> {
  const [row] = await sql<{ floor: string | null }[]>`
    SELECT ${sql(names.slotsFloor)}(${account}, ${String(beyond)}::bigint)::text AS floor`;
  return BigInt(row?.floor ?? 0);
}

/** How many slots of an account are held. A look without the lock: what it says may be over at once. */
export async function heldSlots(sql: Database, names: JobNames, account: string): Promise<number> {
  const [row] = await sql<{ used: number }[]>`
    SELECT count(*)::int AS used FROM ${sql(names.jobs)} WHERE account = ${account} AND holds_slot`;
  return row?.used ?? 0;
}
