import { type Cursor, cursorOf, origin } from '../cursor.js';
import { EventStoreError } from '../errors.js';
import type { AppendOutcome, EventStore, ExpectedVersion } from '../event-store.js';
import { pageOf } from '../log-page.js';
import { recorded, type StoredEvent } from '../recorded.js';
import {
  checkUuid,
  type StorableAppend,
  storableAppend,
  storableCreate,
  type StorableEvent,
} from '../storable.js';
import { startSubscription } from '../subscription.js';
import type { MayAppend } from '../who-may-append.js';
import { memoryCheckpoints } from './checkpoints.js';

export interface MemoryEventStoreOptions {
  readonly mayAppend?: MayAppend;
  /** Default: the wall clock. */
  readonly now?: () => Date;
}

interface Keyed {
  readonly stream: string;
  readonly fingerprint: string;
  readonly createdAt: Date;
}

/** The event store in memory: the same rules, for fast tests of use cases. */
export function createMemoryEventStore(options: MemoryEventStoreOptions = {}): EventStore {
  const now = options.now ?? (() => new Date());
  const log: StoredEvent[] = [];
  const streams = new Map<string, StoredEvent[]>();
  const keys = new Map<string, Keyed>();
  const listeners = new Set<() => void>();
  const subscriptions = new Set<{ stop(): Promise<void> }>();
  let stopped = false;

  const refuseWhenStopped = (): void => {
    if (stopped) throw new EventStoreError('stopped', 'the event store was stopped');
  };
  const keyOf = (tenant: string, key: string): string => JSON.stringify([tenant, key]);
  /** What was stored is read back through JSON in Postgres, and must not be the caller's own object here. */
  const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

  function write(
    stream: string,
    metadata: StoredEvent['metadata'],
    events: readonly StorableEvent[],
  ): number {
    const written = streams.get(stream) ?? [];
    streams.set(stream, written);
    for (const { id, type, schemaVersion, data, personal } of events) {
      const position = BigInt(log.length + 1);
      const given = copy({ id, type, schemaVersion, data, personal, metadata });
      const row: StoredEvent = {
        ...given,
        tx: position,
        position,
        stream,
        version: written.length + 1,
        recordedAt: now(),
      };
      written.push(row);
      log.push(row);
    }
    return written.length;
  }

  function append(request: StorableAppend): AppendOutcome {
    const present = streams.get(request.stream) ?? [];
    const found = request.events.map(({ id }) => present.find((row) => row.id === id));
    if (found.some((row) => row !== undefined)) {
      const alike = found.every((row, n) => row?.type === request.events[n]?.type);
      if (!alike) return { outcome: 'id-reused' };
      return { outcome: 'already-appended', version: Math.max(...found.map((row) => row?.version ?? 0)) };
    }
    if (!fits(request.expected, present.length)) return { outcome: 'conflict', actual: present.length };
    if (request.with && request.with.memory?.() === false) return { outcome: 'fenced' };
    return { outcome: 'appended', version: write(request.stream, request.metadata, request.events) };
  }

  const tenantOf = (stream: string): string | undefined => streams.get(stream)?.[0]?.metadata.tenant;

  function tell(): void {
    for (const listener of listeners) listener();
  }

  const store: EventStore = {
    origin,
    checkpoints: memoryCheckpoints(now),
    async append(request) {
      const [outcome] = await store.appendMany([request]);
      return outcome as AppendOutcome;
    },
    async appendMany(requests) {
      refuseWhenStopped();
      const outcomes = requests.map((request) => storableAppend(request, options.mayAppend)).map(append);
      if (outcomes.some(({ outcome }) => outcome === 'appended')) tell();
      return outcomes;
    },
    async create(request) {
      refuseWhenStopped();
      const { tenant, idempotencyKey, fingerprint, stream, metadata, event } = storableCreate(
        request,
        options.mayAppend,
      );
      const known = keys.get(keyOf(tenant, idempotencyKey));
      if (known && known.fingerprint !== fingerprint) return { outcome: 'mismatch', stream: known.stream };
      if (known) return { outcome: 'replayed', stream: known.stream, createdAt: known.createdAt };
      const createdAt = now();
      keys.set(keyOf(tenant, idempotencyKey), { stream, fingerprint, createdAt });
      write(stream, metadata, [event]);
      tell();
      return { outcome: 'created', stream, createdAt };
    },
    async findByKey(tenant, idempotencyKey) {
      return keys.get(keyOf(tenant, idempotencyKey));
    },
    async readStream(stream, { after = 0, tenant } = {}) {
      checkUuid('stream', stream);
      return (tenant === undefined || tenant === tenantOf(stream) ? (streams.get(stream) ?? []) : [])
        .slice(after)
        .map(recorded);
    },
    async tenantOf(stream) {
      checkUuid('stream', stream);
      return tenantOf(stream);
    },
    async readAll({ after, limit, types }) {
      const start = log.findIndex((row) => cursorOf(row) > after);
      const rows = start < 0 ? [] : log.slice(start, start + limit);
      const wanted =
        types === undefined ? rows : rows.filter((row) => types.some((type) => type === row.type));
      const last = rows.at(-1);
      return pageOf(wanted, last ? cursorOf(last) : after);
    },
    async readByStream({ after, limit }) {
      const rest = [...streams.keys()].filter((stream) => after === null || stream > after).toSorted();
      const rows: StoredEvent[] = [];
      let next: string | null = null;
      for (const stream of rest) {
        if (rows.length > 0 && rows.length + (streams.get(stream)?.length ?? 0) > limit) break;
        rows.push(...(streams.get(stream) ?? []));
        next = stream;
      }
      const { events, unreadable } = pageOf(rows, origin);
      return { events, unreadable, next: next === rest.at(-1) ? null : next };
    },
    async head(): Promise<Cursor> {
      const last = log.at(-1);
      return last ? cursorOf(last) : origin;
    },
    onAppended(listener) {
      const entry = (): void => listener();
      listeners.add(entry);
      return () => listeners.delete(entry);
    },
    async erasePersonal(stream, tenant) {
      checkUuid('stream', stream);
      if (tenantOf(stream) !== tenant) return;
      const erase = (row: StoredEvent): StoredEvent =>
        row.stream === stream && row.personal ? { ...row, personal: {} } : row;
      streams.set(stream, (streams.get(stream) ?? []).map(erase));
      log.splice(0, log.length, ...log.map(erase));
    },
    subscribe(request) {
      const subscription = startSubscription(store, request);
      subscriptions.add(subscription);
      return subscription;
    },
    async stop() {
      stopped = true;
      await Promise.all([...subscriptions].map((subscription) => subscription.stop()));
      listeners.clear();
    },
  };
  return store;
}

function fits(expected: ExpectedVersion, present: number): boolean {
  switch (expected) {
    case 'any':
      return true;
    case 'none':
      return present === 0;
    case 'exists':
      return present > 0;
    default:
      return present === expected;
  }
}
