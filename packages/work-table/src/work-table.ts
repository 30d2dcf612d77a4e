import type { Database, MigrationSet, RowWrite } from '@darkroom/event-store';
import type { Claim, ClaimRequest, Move, Wake } from './job.js';

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
  claimDue(request: ClaimRequest): Promise<Claim[]>;
  /** Lengthens leases; answers with the claims that are still held. */
  renew(claims: readonly Claim[], leaseSeconds: number): Promise<Claim[]>;
  /** The write that moves the row, for an append's `with`; touches nothing once the claim is fenced off. */
  move(claim: Claim, move: Move): RowWrite;
  /** The same without an append. False: fenced off. */
  apply(claim: Claim, move: Move): Promise<boolean>;
  /** False: no slot is free, or the claim is fenced off. */
  takeSlot(claim: Claim, account: string, slots: number): Promise<boolean>;
  freeSlots(account: string, slots: number): Promise<number>;
  /** Milliseconds until the next timed row is due, 0 when one is; null: none. */
  msUntilDue(): Promise<number | null>;
  stop(): Promise<void>;
}

/** Migrations of a work table in the given schema. */
export function workTableMigrations(schema: string): MigrationSet {
  return { schema, directory: new URL('../migrations/', import.meta.url) };
}

/** The work table of one service. */
export function workTable(_sql: Database, _options: WorkTableOptions): WorkTable {
  throw new Error('not yet');
}
