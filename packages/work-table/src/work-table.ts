import { arrayOf, type Database, type MigrationSet, type RowWrite } from '@darkroom/event-store';
import { batchedWakes } from './batched-wakes.js';
import { dueFloor } from './due-floor.js';
import { claimDue, msUntilDue, renew } from './claim.js';
import type { Claim, ClaimRequest, Move, WaitingPlace, Wake } from './job.js';
import { moveRow } from './move.js';
import { namesIn } from './names.js';
import { slotsFloor } from './slots-floor.js';
import { askSlotsFloor, heldSlots, takeSlot } from './slots.js';
import { mergeWakes, wakeRows } from './wake.js';
import { wakeWaiting } from './wake-waiting.js';

export interface WorkTableOptions {
  /** Schema of the owning service; the table is `<schema>.jobs`. */
  readonly schema: string;
}

/** Durable due work: one row a generation, held under a lease with a fencing number. */
export interface WorkTable {
  readonly migrationSet: MigrationSet;
  /** Inserts the row or makes it due; nothing where the row has seen that version. Batched with other wakes. */
  wake(wake: Wake): Promise<void>;
  wakeMany(wakes: readonly Wake[]): Promise<void>;
  /** The same, at once and on its own. @returns for how many generations it told something new */
  assure(wakes: readonly Wake[]): Promise<number>;
  claimDue(request: ClaimRequest): Promise<Claim[]>;
  /** Lengthens leases; answers with the claims that are still held. */
  renew(claims: readonly Claim[], leaseSeconds: number): Promise<Claim[]>;
  /** The write that moves the row, for an append's `with`; touches nothing once the claim is fenced off. */
  move(claim: Claim, move: Move): RowWrite;
  /** The same without an append. False: fenced off. */
  apply(claim: Claim, move: Move): Promise<boolean>;
  /** False: no slot is free, others wait for one (unless it goes `first`), or the claim is fenced off. */
  takeSlot(claim: Claim, account: string, slots: number, turn?: 'in-turn' | 'first'): Promise<boolean>;
  /**
   * Makes the next so many rows due that wait for this account and may go elsewhere, behind that place; null: from the oldest on.
   * Their places in the queue are kept.
   * @returns where the next call goes on; null: these were the last
   */
  wakeWaiting(account: string, after: WaitingPlace | null, most: number): Promise<WaitingPlace | null>;
  /** Makes rows due that wait for any other account than these: nobody serves it any more. @returns how many */
  wakeStranded(served: readonly string[]): Promise<number>;
  /** Makes an account's rows of this phase due that rest: what is done with them has changed. Reads the whole table. */
  wakePhase(account: string, phase: string): Promise<void>;
  heldSlots(account: string): Promise<number>;
  /** Accounts for which rows wait. */
  waitedFor(): Promise<readonly string[]>;
  /** Rows that have been due for longer than this, counted to 10,000: nobody takes them. */
  overdue(seconds: number): Promise<number>;
  /** Milliseconds until the next timed row is due, 0 when one is; null: none within that time. */
  msUntilDue(withinMs: number): Promise<number | null>;
  stop(): Promise<void>;
}

/** Migrations of a work table in the given schema; the service may have a set of its own there. */
export function workTableMigrations(schema: string): MigrationSet {
  return { schema, directory: new URL('../migrations/', import.meta.url), ledger: 'job_migrations' };
}

/** The work table of one service. */
export function workTable(sql: Database, { schema }: WorkTableOptions): WorkTable {
  const names = namesIn(schema);
  const floor = dueFloor();
  const slotsFrom = slotsFloor((account, beyond) => askSlotsFloor(sql, names, account, beyond));
  const wakes = batchedWakes(async (batch) => void (await wakeRows(sql, names, mergeWakes(batch))));
  return {
    migrationSet: workTableMigrations(schema),
    wake: (wake) => wakes.add([wake]),
    wakeMany: (many) => wakes.add(many),
    assure: (many) => wakeRows(sql, names, mergeWakes(many)),
    claimDue: (request) => claimDue(sql, names, request, floor, slotsFrom),
    renew: (claims, leaseSeconds) => renew(sql, names, claims, leaseSeconds),
    move: (claim, move) => ({ postgres: (tx) => moveRow(tx, names, claim, move) }),
    async apply(claim, move) {
      const { count } = await moveRow(sql, names, claim, move);
      return count > 0;
    },
    takeSlot: (claim, account, slots, turn = 'in-turn') =>
      takeSlot(sql, names, claim, account, slots, slotsFrom, turn),
    wakeWaiting: (account, after, most) => wakeWaiting(sql, names, account, after, most),
    async wakeStranded(served) {
      const { count } = await sql`
        WITH stranded AS (
          SELECT j.generation FROM ${sql(names.jobs)} j
          WHERE j.ready_since IS NOT NULL AND j.holder IS NULL AND j.account <> ALL (${arrayOf([...served])}::text[])
          ORDER BY j.generation FOR UPDATE
        )
        UPDATE ${sql(names.jobs)} j SET due_at = clock_timestamp(), ready_since = NULL
        FROM stranded s WHERE s.generation = j.generation`;
      return count;
    },
    async wakePhase(account, phase) {
      await sql`
        WITH resting AS (
          SELECT j.generation FROM ${sql(names.jobs)} j
          WHERE j.account = ${account} AND j.phase = ${phase} AND j.holder IS NULL
          ORDER BY j.generation FOR UPDATE
        )
        UPDATE ${sql(names.jobs)} j SET due_at = least(j.due_at, clock_timestamp())
        FROM resting r WHERE r.generation = j.generation`;
    },
    heldSlots: (account) => heldSlots(sql, names, account),
    waitedFor: async () => {
      const rows = await sql<{ account: string }[]>`SELECT account FROM ${sql(names.waitedFor)}() AS account`;
      return rows.map(({ account }) => account);
    },
    overdue: async (seconds) => {
      const [row] = await sql<{ n: number }[]>`
        SELECT count(*)::int AS n FROM (
          SELECT FROM ${sql(names.jobs)} WHERE due_at < clock_timestamp() - make_interval(secs => ${seconds})
          ORDER BY due_at LIMIT 10000) late`;
      return row?.n ?? 0;
    },
    msUntilDue: (withinMs) => msUntilDue(sql, names, floor, withinMs),
    stop: () => wakes.stop(),
  };
}
