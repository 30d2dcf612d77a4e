import type postgres from 'postgres';
import { arrayOf, type Database } from '../database.js';
import { naturalBatching, type NaturalBatching } from '../natural-batching.js';
import type { StoredEvent } from '../recorded.js';
import { classify } from './failure.js';

/** An event row as the driver gives it. */
export type EventRow = Omit<StoredEvent, 'tx' | 'position'> & {
  readonly tx: string;
  readonly position: string;
};

/** The columns of an event row, of whatever is called `e`. */
export const eventColumns = (sql: Database): postgres.PendingQuery<postgres.Row[]> => sql`
    e.tx::text, e.position::text, e.stream, e.version, e.type, e.schema_version AS "schemaVersion", e.id, e.data, e.metadata,
    e.personal, e.recorded_at AS "recordedAt"`;

/** 64-bit numbers come as text. */
export function stored(row: EventRow): StoredEvent {
  return { ...row, tx: BigInt(row.tx), position: BigInt(row.position) };
}

/** One stream, beyond a version. */
export interface StreamRead {
  readonly stream: string;
  readonly after: number;
}

/**
 * Streams that are asked for while others are being read are read together after them: handlers that each need one stream, many at
 * a time, cost one statement for all of them.
 */
export function batchedStreamReads(sql: Database): NaturalBatching<StreamRead, readonly EventRow[]> {
  return naturalBatching({
    run: (batch: readonly StreamRead[]) => readStreams(sql, batch),
    keyOf: ({ stream }) => stream,
    sharesKeys: true,
    bytesOf: () => 0,
    mayRunAlone: (error) => classify(error) === 'refused',
  });
}

async function readStreams(sql: Database, batch: readonly StreamRead[]): Promise<EventRow[][]> {
  const [only] = batch;
  if (only !== undefined && batch.length === 1) return [await readOne(sql, only)];
  const rows = await sql<(EventRow & { n: number })[]>`
    SELECT wanted.n::integer, ${eventColumns(sql)}
    FROM unnest(${arrayOf(batch.map(({ stream }) => stream))}::uuid[],
                ${arrayOf(batch.map(({ after }) => after))}::integer[]) WITH ORDINALITY AS wanted(stream, after, n)
    CROSS JOIN LATERAL (
      SELECT * FROM event_store.events e WHERE e.stream = wanted.stream AND e.version > wanted.after ORDER BY e.version
    ) e
    ORDER BY wanted.n, e.version`;
  const streams = batch.map((): EventRow[] => []);
  for (const { n, ...row } of rows) streams[n - 1]?.push(row);
  return streams;
}

const readOne = async (sql: Database, { stream, after }: StreamRead): Promise<EventRow[]> => sql<EventRow[]>`
    SELECT ${eventColumns(sql)} FROM event_store.events e
    WHERE e.stream = ${stream} AND e.version > ${after} ORDER BY e.version`;

/** One stream of a tenant in order, beyond a version; empty where it is another tenant's. */
export async function readStreamOf(
  sql: Database,
  tenant: string,
  { stream, after }: StreamRead,
): Promise<readonly EventRow[]> {
  return sql<EventRow[]>`
    SELECT ${eventColumns(sql)} FROM event_store.read_stream(${tenant}, ${stream}::uuid, ${after}::integer) e`;
}

/** Whose a stream is. */
export async function tenantOf(sql: Database, stream: string): Promise<string | undefined> {
  const [row] = await sql<
    { tenant: string | null }[]
  >`SELECT event_store.tenant_of(${stream}::uuid) AS tenant`;
  return row?.tenant ?? undefined;
}
