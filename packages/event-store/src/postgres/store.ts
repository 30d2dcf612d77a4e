import { origin } from '../cursor.js';
import type { Database } from '../database.js';
import type { AppendOutcome, AppendRequest, CreateOutcome, EventStore } from '../event-store.js';
import { naturalBatching } from '../natural-batching.js';
import {
  checkUuid,
  type StorableAppend,
  storableAppend,
  type StorableCreate,
  storableCreate,
} from '../storable.js';
import { recorded } from '../recorded.js';
import { startSubscription } from '../subscription.js';
import { EventStoreError } from '../errors.js';
import type { MayAppend } from '../who-may-append.js';
import { appendBatch, appendBatchWithRows } from './append.js';
import { postgresCheckpoints } from './checkpoints.js';
import { createBatch, findByKey } from './create.js';
import { erasePersonal } from './erase.js';
import { postgresHints } from './hints.js';
import { head, readAll } from './read-all.js';
import { readByStream } from './read-by-stream.js';
import { batchedStreamReads, type EventRow, readStreamOf, stored, tenantOf } from './read-stream.js';
import { readAgain, settled } from './settle.js';

export interface PostgresEventStoreOptions {
  readonly mayAppend?: MayAppend;
  /** Shortest time between two NOTIFY of this process. Default 20. */
  readonly notifyEveryMs?: number;
  /** How long a lost answer is asked for again before it is given up as unknown. Default 15,000. */
  readonly settleTimeoutMs?: number;
}

/** The event store on Postgres. Needs the schema that `eventStoreMigrations` makes. */
export function createPostgresEventStore(sql: Database, options: PostgresEventStoreOptions = {}): EventStore {
  const settleTimeoutMs = options.settleTimeoutMs ?? 15_000;
  const hints = postgresHints(sql, options.notifyEveryMs ?? 20);
  const bytesOf = ({ json }: { json: string }): number => json.length;
  // An unknown outcome is not tried alone: it was settled for as long as it may be.
  const mayRunAlone = (error: unknown): boolean =>
    !(error instanceof EventStoreError && error.code === 'outcome_unknown');
  // Nor is a create that the database could not take now: somebody waits for its answer, and one by one each would wait as long again.
  const mayCreateAlone = (error: unknown): boolean =>
    mayRunAlone(error) && !(error instanceof EventStoreError && error.code === 'store_unavailable');
  const hinting = <R, O extends { outcome: string }>(run: (batch: readonly R[]) => Promise<O[]>) => {
    return async (batch: readonly R[]): Promise<O[]> => {
      const outcomes = await settled(() => run(batch), settleTimeoutMs);
      if (outcomes.some(({ outcome }) => outcome === 'appended' || outcome === 'created')) hints.appended();
      return outcomes;
    };
  };

  const plain = naturalBatching<StorableAppend, AppendOutcome>({
    run: hinting((batch) => appendBatch(sql, batch)),
    keyOf: ({ stream }) => stream,
    sharesKeys: true,
    bytesOf,
    mayRunAlone,
  });
  const withRows = naturalBatching<StorableAppend, AppendOutcome>({
    run: hinting((batch) => appendBatchWithRows(sql, batch)),
    keyOf: ({ stream }) => stream,
    sharesKeys: false,
    bytesOf,
    mayRunAlone,
  });
  const creates = naturalBatching<StorableCreate, CreateOutcome>({
    run: hinting((batch) => createBatch(sql, batch)),
    keyOf: ({ tenant, idempotencyKey }) => JSON.stringify([tenant, idempotencyKey]),
    sharesKeys: true,
    bytesOf,
    mayRunAlone: mayCreateAlone,
  });
  const add = (append: StorableAppend): Promise<AppendOutcome> =>
    (append.with ? withRows : plain).add(append);
  const reads = batchedStreamReads(sql);
  const subscriptions = new Set<{ stop(): Promise<void> }>();

  const store: EventStore = {
    origin,
    checkpoints: postgresCheckpoints(sql),
    async append(request: AppendRequest) {
      return add(storableAppend(request, options.mayAppend));
    },
    async appendMany(requests) {
      return Promise.all(requests.map((request) => storableAppend(request, options.mayAppend)).map(add));
    },
    async create(request) {
      return creates.add(storableCreate(request, options.mayAppend));
    },
    findByKey: (tenant, idempotencyKey) => readAgain(() => findByKey(sql, tenant, idempotencyKey)),
    async readStream(stream, { after = 0, tenant } = {}) {
      checkUuid('stream', stream);
      const read = { stream, after };
      const rows = await readAgain<readonly EventRow[]>(() =>
        tenant === undefined ? reads.add(read) : readStreamOf(sql, tenant, read),
      );
      return rows.map((row) => recorded(stored(row)));
    },
    async tenantOf(stream) {
      checkUuid('stream', stream);
      return readAgain(() => tenantOf(sql, stream));
    },
    readAll: ({ after, limit, types }) => readAgain(() => readAll(sql, after, limit, types)),
    readByStream: ({ after, limit }) => readAgain(() => readByStream(sql, after, limit)),
    head: () => readAgain(() => head(sql)),
    onAppended: (listener) => hints.onAppended(listener),
    async erasePersonal(stream, tenant) {
      checkUuid('stream', stream);
      await readAgain(() => erasePersonal(sql, stream, tenant));
    },
    subscribe(request) {
      const subscription = startSubscription(store, request);
      subscriptions.add(subscription);
      return subscription;
    },
    async stop() {
      await Promise.all([...subscriptions].map((subscription) => subscription.stop()));
      await Promise.all([plain.stop(), withRows.stop(), creates.stop(), reads.stop()]);
      await hints.stop();
    },
  };
  return store;
}
