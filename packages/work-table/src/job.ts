/** A job row that this process holds: every write of its names `fencing`. */
export interface Claim {
  /** UUID of the generation and of its stream. */
  readonly generation: string;
  readonly tenant: string;
  readonly fencing: bigint;
  /** The holder's own word for where the job is; null before the first move. */
  readonly phase: string | null;
  /** Stream version that the row reflects. */
  readonly foldedVersion: number;
  /** Newest stream version that a message told of. */
  readonly seenVersion: number;
  readonly account: string | null;
  readonly holdsSlot: boolean;
  readonly traceparent: string | null;
  /** The former holder's lease ran out: it died, or stands still and may come back. */
  readonly takenOver: boolean;
}

/** A message's wish that somebody looks at a generation. */
export interface Wake {
  readonly generation: string;
  readonly tenant: string;
  /** Stream version that the message tells of; one that is not newer than the row has seen does nothing. */
  readonly version: number;
  readonly traceparent?: string;
  /** Default: now. */
  readonly at?: Date;
  /** A row that is not there yet waits for a slot of this account from the start, and is due at `at` only by time. */
  readonly account?: string;
  /** Whether its work may go to another account than that one. Absent: nobody knows, so that it may. */
  readonly elsewhere?: boolean;
  /** What its work costs its tenant of what tenants share. Default 1. */
  readonly cost?: number;
}

/** Where a claimed row goes. */
export interface Move {
  readonly phase: string;
  /** When the row is due by itself; null: never. */
  readonly nextActionAt: Date | null;
  /** Stream version that the holder has folded, its own append included. */
  readonly foldedVersion: number;
  /** Absent: kept. */
  readonly account?: string | null;
  /** Absent: kept. */
  readonly holdsSlot?: boolean;
  /** True: it waits for a slot of `account`, apart from timed work. Absent: false. */
  readonly ready?: boolean;
  /** Whether what waits may go to another account than that one. Absent: kept. */
  readonly elsewhere?: boolean;
  /** True: the lease ends; a wake that came meanwhile makes the row due at once. */
  readonly release: boolean;
}

/** How far a walk along the rows that wait for an account has come. */
export interface WaitingPlace {
  /** As the database writes it: a `Date` is not as exact. */
  readonly since: string;
  readonly generation: string;
}

/** `timed`: rows whose time has come, and rows whose holder's lease ran out. `ready`: rows that wait for a slot of one account. */
export type ClaimRequest =
  | { readonly kind: 'timed'; readonly holder: string; readonly limit: number; readonly leaseSeconds: number }
  | {
      readonly kind: 'ready';
      readonly account: string;
      /** The account's slots: at most the free ones are claimed, and taken in the same step; tenants take turns. */
      readonly slots: number;
      readonly holder: string;
      readonly limit: number;
      readonly leaseSeconds: number;
    };
