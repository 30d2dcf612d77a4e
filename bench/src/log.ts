import { randomUUID } from 'node:crypto';
import { encodeEvent, type EventType } from '@darkroom/contract';
import {
  createPostgresEventStore,
  type Database,
  databaseRoles,
  type EventStore,
  openDatabase,
  origin,
} from '@darkroom/event-store';
import { sampleEvent } from '@darkroom/read-models/testing';
import { startCluster } from './harness/cluster.js';
import { eventsEach, generateLog } from './harness/generate.js';
import { type Contestant, inTurns, ratio, type Standing } from './harness/rounds.js';
import type { Report } from './harness/report.js';
import { type BareRow, batchedInserts, createBareTable, insertOne } from './log/bare-inserts.js';

const roundSeconds = Number(process.env['BENCH_SECONDS'] ?? 1);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
const generations = Number(process.env['BENCH_GENERATIONS'] ?? 5_000);
const writers = [1, 16, 64] as const;
const pageSize = 1_000;
const metadata = { tenant: 'acme', actor: 'service:bench' } as const;

/** What every writer writes, again and again: an event of the middle of a generation. */
const event = sampleEvent('ProgressReported');
const encoded = encodeEvent<EventType>(event.type, event.data);

/** So many writers, each with streams of its own, one event at a time. @returns events a second */
async function write(
  count: number,
  append: (stream: string, version: number) => Promise<unknown>,
): Promise<number> {
  const start = performance.now();
  const end = start + roundSeconds * 1000;
  let events = 0;
  const one = async (): Promise<void> => {
    while (performance.now() < end) {
      const stream = randomUUID();
      for (let version = 1; version <= eventsEach && performance.now() < end; version += 1) {
        await append(stream, version);
        events += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: count }, one));
  return events / ((performance.now() - start) / 1000);
}

function appending(store: EventStore, sql: Database): Contestant[] {
  const rowOf = (stream: string, version: number): BareRow => ({
    stream,
    version,
    type: 'ProgressReported',
    id: randomUUID(),
    data: JSON.stringify(encoded.data),
    metadata: JSON.stringify(metadata),
  });
  const batched = batchedInserts(sql);
  const append = async (stream: string, version: number): Promise<void> => {
    const { outcome } = await store.append({
      stream,
      expected: version === 1 ? 'none' : version - 1,
      events: [{ ...event, id: randomUUID() }],
      metadata,
      by: 'provider-gateway',
    });
    if (outcome !== 'appended') throw new Error(outcome);
  };
  return writers.flatMap((count): Contestant[] => [
    { name: `append, ${count} at once`, run: () => write(count, append) },
    {
      name: `INSERT one by one, ${count} at once`,
      run: () => write(count, (stream, version) => insertOne(sql, rowOf(stream, version))),
    },
    {
      name: `INSERTs batched, ${count} at once`,
      run: () => write(count, (stream, version) => batched(rowOf(stream, version))),
    },
  ]);
}

/** Repeats a read for a while. @returns events a second */
async function read(once: () => Promise<number>): Promise<number> {
  const start = performance.now();
  let events = 0;
  while (performance.now() - start < roundSeconds * 1000) events += await once();
  return events / ((performance.now() - start) / 1000);
}

function reading(store: EventStore, sql: Database, streams: readonly string[]): Contestant[] {
  const next = (): string => streams[Math.floor(Math.random() * streams.length)] ?? '';
  const wholeLog = async (): Promise<number> => {
    let seen = 0;
    let after = origin;
    for (;;) {
      const page = await store.readAll({ after, limit: pageSize });
      if (page.events.length === 0) return seen;
      seen += page.events.length;
      after = page.cursor;
    }
  };
  const wholeTable = async (): Promise<number> => {
    let seen = 0;
    let last = { tx: '0', position: '0' };
    for (;;) {
      const rows = await sql<{ tx: string; position: string }[]>`
        SELECT e.tx::text, e.position::text, stream, version, type, schema_version, id, data, metadata, personal, recorded_at
        FROM event_store.events e WHERE (e.tx, e.position) > (${last.tx}::xid8, ${last.position}::bigint)
        ORDER BY e.tx, e.position LIMIT ${pageSize}`;
      const end = rows.at(-1);
      if (!end) return seen;
      seen += rows.length;
      last = end;
    }
  };
  return [
    { name: `readAll, pages of ${pageSize}`, run: () => read(wholeLog) },
    { name: `SELECT of the same pages`, run: () => read(wholeTable) },
    { name: 'readStream', run: () => read(async () => (await store.readStream(next())).length) },
    {
      name: 'SELECT of the same stream',
      run: () =>
        read(
          async () =>
            (
              await sql`
                SELECT tx::text, position::text, stream, version, type, schema_version, id, data, metadata, personal, recorded_at
                FROM event_store.events WHERE stream = ${next()} ORDER BY version`
            ).length,
        ),
    },
  ];
}

/** A contestant beside its floors: those that follow it up to the next one of ours. */
const row = (
  standings: readonly Standing[],
  { name, median }: Standing,
  own: string,
): Record<string, string | number> => ({
  contestant: name,
  'events/s': median,
  'ours over it': name === own ? '' : ratio(standings, own, name),
});

/** Appends and reads of the log, against the same rows without a store around them. */
export async function run(): Promise<Report> {
  const cluster = await startCluster([]);
  const admin = openDatabase(cluster.superuserUrl, { max: 1, statementTimeoutMs: 0 });
  const sql = openDatabase(cluster.postgres.url, { role: databaseRoles.worker, max: 20 });
  const store = createPostgresEventStore(sql);
  try {
    await generateLog(admin, { generations, tenants: 50 });
    await createBareTable(admin);
    const streams = (await admin<{ id: string }[]>`SELECT id FROM event_store.streams LIMIT 1000`).map(
      ({ id }) => id,
    );
    const reads = await inTurns(reading(store, sql, streams), rounds);
    const appends = await inTurns(appending(store, sql), rounds);
    const standings = [...reads, ...appends];
    let own = '';
    const table = standings.map((standing) => {
      if (/^(append|read)/.test(standing.name)) own = standing.name;
      return row(standings, standing, own);
    });
    return {
      name: 'log',
      what: `reads of ${(generations * eventsEach).toLocaleString('en')} events and appends of one event each`,
      table,
      goals: [],
      raw: standings,
    };
  } finally {
    await store.stop();
    await Promise.all([sql.end(), admin.end()]);
    await cluster.stop();
  }
}
