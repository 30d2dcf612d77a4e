import type postgres from 'postgres';
import type { Database } from '../database.js';
import type { RecordedEvent } from '../events.js';
import { recorded, type StoredEvent } from '../recorded.js';

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

/** One stream in order, beyond a version; with a tenant, only if it is that tenant's. */
export async function readStream(
  sql: Database,
  stream: string,
  after: number,
  tenant: string | undefined,
): Promise<RecordedEvent[]> {
  const rows =
    tenant === undefined ? await ofAnyTenant(sql, stream, after) : await ofTenant(sql, stream, after, tenant);
  return rows.map((row) => recorded(stored(row)));
}

const ofTenant = (
  sql: Database,
  stream: string,
  after: number,
  tenant: string,
): postgres.PendingQuery<EventRow[]> => sql<EventRow[]>`
    SELECT ${eventColumns(sql)} FROM event_store.read_stream(${tenant}, ${stream}::uuid, ${after}::integer) e`;

const ofAnyTenant = (sql: Database, stream: string, after: number): postgres.PendingQuery<EventRow[]> => sql<
  EventRow[]
>`
    SELECT ${eventColumns(sql)} FROM event_store.events e
    WHERE e.stream = ${stream} AND e.version > ${after} ORDER BY e.version`;

/** Whose a stream is. */
export async function tenantOf(sql: Database, stream: string): Promise<string | undefined> {
  const [row] = await sql<
    { tenant: string | null }[]
  >`SELECT event_store.tenant_of(${stream}::uuid) AS tenant`;
  return row?.tenant ?? undefined;
}
