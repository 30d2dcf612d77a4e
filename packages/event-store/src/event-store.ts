import type { EventType } from '@darkroom/contract';
import type postgres from 'postgres';
import type { Cursor } from './cursor.js';
import type { EventStoreError } from './errors.js';
import type { EventMetadata, NewEvent, RecordedEvent } from './events.js';
import type { ServiceName } from './who-may-append.js';

/** A version that the stream must have, or a word for what must be true of it. */
export type ExpectedVersion = number | 'none' | 'exists' | 'any';

/**
 * A row of the caller's own that moves in the append's transaction. It must touch at least one row; where it touches none
 * (its guard, such as a fencing number, no longer holds) nothing is written and the outcome is `fenced`.
 * Not run when the events are already there: then the row moved together with them.
 */
export interface RowWrite {
  /** Builds the one statement; no I/O of its own, nothing awaited. */
  postgres(tx: postgres.TransactionSql): postgres.PendingQuery<postgres.Row[]>;
  /** The same for the in-memory store: true when it touched a row. Absent: counts as touched. */
  memory?(): boolean;
}

export interface AppendRequest {
  /** UUID. */
  readonly stream: string;
  readonly expected: ExpectedVersion;
  readonly events: readonly NewEvent[];
  readonly metadata: EventMetadata;
  /** The service that appends; checked against the domain's table of who may append what. */
  readonly by: ServiceName;
  readonly with?: RowWrite;
}

/**
 * `already-appended`: events of these ids are in the stream; `version` is that of the last of them. Whoever must know whether
 * it was itself that wrote them chooses ids that nobody else would.
 * `id-reused`: one of the ids names another event of the stream. `fenced`: `with` touched no row.
 */
export type AppendOutcome =
  | { readonly outcome: 'appended'; readonly version: number }
  | { readonly outcome: 'already-appended'; readonly version: number }
  | { readonly outcome: 'conflict'; readonly actual: number }
  | { readonly outcome: 'id-reused' }
  | { readonly outcome: 'fenced' };

/** The idempotent start of a stream. */
export interface CreateRequest {
  readonly tenant: string;
  readonly idempotencyKey: string;
  /** Keyed hash of the canonical request: the same key with another fingerprint is a mismatch. */
  readonly fingerprint: string;
  /** UUID (v7) of the stream to start, unless the key is known. */
  readonly stream: string;
  readonly event: NewEvent<'GenerationRequested'>;
  readonly metadata: EventMetadata;
  /** Default: intake. */
  readonly by?: ServiceName;
}

export type CreateOutcome =
  | { readonly outcome: 'created'; readonly stream: string; readonly createdAt: Date }
  | { readonly outcome: 'replayed'; readonly stream: string; readonly createdAt: Date }
  | { readonly outcome: 'mismatch'; readonly stream: string };

export interface KeyedStream {
  readonly stream: string;
  readonly fingerprint: string;
  readonly createdAt: Date;
}

export interface ReadAllRequest {
  readonly after: Cursor;
  /** Most events to look at, those of other types included. */
  readonly limit: number;
  readonly types?: readonly EventType[];
}

/** An event that this program does not know how to read: of a later version, or damaged. */
export interface UnreadableEvent {
  readonly id: string;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly metadata: EventMetadata;
  readonly cursor: Cursor;
  readonly error: EventStoreError;
}

/** `cursor` equals the request's `after` when nothing was there; it may move on with no event of the wanted types. */
export interface LogPage {
  readonly events: readonly RecordedEvent[];
  /** Passed by the cursor all the same; whoever skips them must say so. */
  readonly unreadable: readonly UnreadableEvent[];
  readonly cursor: Cursor;
}

/** Whole streams, in the order of their ids. */
export interface StreamsPage {
  readonly events: readonly RecordedEvent[];
  readonly unreadable: readonly UnreadableEvent[];
  /** The last stream of the page: where to read on. Null: there are no more. */
  readonly next: string | null;
}

/** A held checkpoint: every later write names its fencing number. */
export interface CheckpointLease {
  readonly fencing: bigint;
  readonly cursor: Cursor;
}

export interface Checkpoints {
  /** Takes or takes over the lease; null while another holder's lives. `startAt` (default: the origin) is for the first time ever. */
  acquire(
    subscription: string,
    holder: string,
    ttlSeconds: number,
    startAt?: Cursor,
  ): Promise<CheckpointLease | null>;
  /** False: the lease is someone else's now. */
  renew(subscription: string, fencing: bigint, ttlSeconds: number): Promise<boolean>;
  /** Moves forward only. False: fenced, or the cursor lies behind. With `tx` it commits with the caller's rows. */
  advance(
    subscription: string,
    fencing: bigint,
    cursor: Cursor,
    tx?: postgres.TransactionSql,
  ): Promise<boolean>;
  release(subscription: string, fencing: bigint): Promise<void>;
  read(subscription: string): Promise<Cursor | undefined>;
}

export interface SubscribeRequest {
  readonly subscription: string;
  /** Unique to the process. */
  readonly holder: string;
  readonly types?: readonly EventType[];
  readonly startAt?: Cursor;
  /** Default 500. */
  readonly batchSize?: number;
  /** Default 15. */
  readonly leaseSeconds?: number;
  /** Longest wait between two looks at the log. Default 1,000. */
  readonly pollMs?: number;
  /**
   * Events in the order of the log. Throwing stops nothing: the same page comes again after a pause.
   * `advance` moves the checkpoint in the handler's own transaction; unused, it moves after the handler returned.
   */
  readonly handle: (
    page: readonly RecordedEvent[],
    advance: (tx: postgres.TransactionSql) => Promise<void>,
  ) => Promise<void>;
  readonly onError?: (error: unknown) => void;
  /** It gets on: a page was handled, there is none, or somebody else follows the log. Called often. */
  readonly onWell?: () => void;
}

export interface Subscription {
  /** Waits for the page in work, then hands the lease back. */
  stop(): Promise<void>;
}

/** The log of all streams: the one source of truth. */
export interface EventStore {
  /** Batched with what else is being appended; a lost answer is settled by event id before this returns. */
  append(request: AppendRequest): Promise<AppendOutcome>;
  /** Each request is answered for itself, in the order given; requests that cannot be stored reject them all before anything is written. */
  appendMany(requests: readonly AppendRequest[]): Promise<AppendOutcome[]>;
  create(request: CreateRequest): Promise<CreateOutcome>;
  findByKey(tenant: string, idempotencyKey: string): Promise<KeyedStream | undefined>;
  /** Empty: no such stream, or (with `tenant`) not this tenant's. What serves clients names the tenant, and may see no more. */
  readStream(
    stream: string,
    options?: { readonly after?: number; readonly tenant?: string | undefined },
  ): Promise<RecordedEvent[]>;
  /** Whose a stream is: for what brings a proof of its own that it may be seen. */
  tenantOf(stream: string): Promise<string | undefined>;
  readAll(request: ReadAllRequest): Promise<LogPage>;
  /**
   * Everything, stream by stream and each of them whole, in about so many events at a time: for building something anew. What is
   * appended meanwhile to streams that were passed is not in it; the log from where it stood before has that.
   */
  readByStream(request: { readonly after: string | null; readonly limit: number }): Promise<StreamsPage>;
  readonly origin: Cursor;
  /** The present end of what readAll would show. */
  head(): Promise<Cursor>;
  /** A hint that something may have been appended, by anyone. Never relied on: poll beneath it. Returns its own undoing. */
  onAppended(listener: () => void): () => void;
  /** Empties the personal part of every event of a tenant's stream, for ever. Whether the generation is over is the caller's question. */
  erasePersonal(stream: string, tenant: string): Promise<void>;
  readonly checkpoints: Checkpoints;
  subscribe(request: SubscribeRequest): Subscription;
  /** Answers what is in flight, then refuses everything. Leaves the connection pool to its owner. */
  stop(): Promise<void>;
}
