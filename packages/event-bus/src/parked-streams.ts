import type postgres from 'postgres';
import { z } from 'zod';
import type { BusMessage } from './message.js';

/** What of an error is kept with a parked stream. No stack and no message of a query's parameters. */
export interface ParkedError {
  readonly name: string;
  readonly code: string | null;
  readonly message: string;
}

/** A stream that a consumer could not get past. */
export interface ParkedStream {
  readonly consumer: string;
  readonly stream: string;
  /** First event that was not handled. */
  readonly version: number;
  readonly eventId: string;
  readonly eventType: string;
  /** Newest event known to queue behind it. */
  readonly lastVersion: number;
  readonly error: ParkedError;
  readonly attempts: number;
  readonly parkedAt: Date;
  readonly lastTriedAt: Date;
  readonly nextTryAt: Date;
}

const parkedError = z.object({ name: z.string(), code: z.string().nullable(), message: z.string() });
const parkedRow = z.object({
  consumer: z.string(),
  stream: z.string(),
  version: z.number(),
  eventId: z.string(),
  eventType: z.string(),
  lastVersion: z.number(),
  error: parkedError,
  attempts: z.number(),
  parkedAt: z.date(),
  lastTriedAt: z.date(),
  nextTryAt: z.date(),
});

/** Reads a row that was selected with `parkedColumns`. */
export const parkedFrom = (row: postgres.Row): ParkedStream => parkedRow.parse(row);

/** Cuts an error to what may be stored and shown. */
export function describeError(error: unknown): ParkedError {
  if (!(error instanceof Error))
    return { name: typeof error, code: null, message: String(error).slice(0, 500) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  return { name: error.name, code, message: error.message.replaceAll('\0', '').slice(0, 500) };
}

/** How many streams a group could not get past. */
export async function countParked(sql: postgres.Sql, group: string): Promise<number> {
  const [row] = await sql<
    { n: number }[]
  >`select count(*)::int as n from bus.parked where consumer = ${group}`;
  return row?.n ?? 0;
}

/** What every query of the table selects. */
export const parkedColumns = (
  sql: postgres.Sql | postgres.TransactionSql,
): postgres.PendingQuery<postgres.Row[]> => sql`
  consumer, stream, version, event_id as "eventId", event_type as "eventType", last_version as "lastVersion", error, attempts,
  parked_at as "parkedAt", last_tried_at as "lastTriedAt", next_try_at as "nextTryAt"`;

/** What names the event that a stream was parked at. */
export type ParkedAt = Pick<BusMessage, 'stream' | 'version' | 'id'> & { readonly type: string };

/** A parked stream whose next try is due. */
export interface DueStream {
  readonly stream: string;
  /** Of the event that failed. */
  readonly eventType: string;
}

/** The table of parked streams as one consumer sees it. */
export interface ParkedStreams {
  /** Streams parked now. */
  streams(): Promise<string[]>;
  load(stream: string): Promise<ParkedStream | undefined>;
  park(message: ParkedAt, error: unknown, tries: number, nextTryMs: number): Promise<void>;
  /** Notes an event that queues behind. */
  queueBehind(stream: string, version: number): Promise<void>;
  /** The stream was tried again up to this event and failed there. */
  failedAgain(message: ParkedAt, lastVersion: number, error: unknown, nextTryMs: number): Promise<void>;
  /** Everything up to `lastVersion` was handled. False: more has queued behind meanwhile. */
  release(stream: string, lastVersion: number): Promise<boolean>;
  /** Streams whose next try is due, the longest waiting first. */
  due(limit: number): Promise<DueStream[]>;
}

/** Reads and writes `bus.parked` for one consumer group. */
export function parkedStreams(sql: postgres.Sql, consumer: string): ParkedStreams {
  return {
    async streams() {
      const rows = await sql<
        { stream: string }[]
      >`select stream from bus.parked where consumer = ${consumer}`;
      return rows.map((row) => row.stream);
    },

    async load(stream) {
      const rows =
        await sql`select ${parkedColumns(sql)} from bus.parked where consumer = ${consumer} and stream = ${stream}`;
      return rows[0] === undefined ? undefined : parkedFrom(rows[0]);
    },

    async park(message, error, tries, nextTryMs) {
      // An event that was parked already keeps its row: redelivery after a crash between parking and checkpoint.
      await sql`
        insert into bus.parked as p (consumer, stream, version, event_id, event_type, last_version, error, attempts, next_try_at)
        values (${consumer}, ${message.stream}, ${message.version}, ${message.id}, ${message.type}, ${message.version},
                ${sql.json({ ...describeError(error) })}, ${tries}, clock_timestamp() + ${nextTryMs} * interval '1 millisecond')
        on conflict (consumer, stream) do update set last_version = greatest(p.last_version, excluded.last_version)`;
    },

    async queueBehind(stream, version) {
      await sql`
        update bus.parked set last_version = greatest(last_version, ${version})
        where consumer = ${consumer} and stream = ${stream}`;
    },

    async failedAgain(message, lastVersion, error, nextTryMs) {
      await sql`
        update bus.parked set version = ${message.version}, event_id = ${message.id}, event_type = ${message.type},
          last_version = greatest(last_version, ${lastVersion}), error = ${sql.json({ ...describeError(error) })},
          attempts = attempts + 1, last_tried_at = clock_timestamp(),
          next_try_at = clock_timestamp() + ${nextTryMs} * interval '1 millisecond'
        where consumer = ${consumer} and stream = ${message.stream}`;
    },

    async release(stream, lastVersion) {
      const gone = await sql`
        delete from bus.parked where consumer = ${consumer} and stream = ${stream} and last_version <= ${lastVersion}
        returning 1`;
      return gone.length > 0;
    },

    async due(limit) {
      const rows = await sql<DueStream[]>`
        select stream, event_type as "eventType" from bus.parked
        where consumer = ${consumer} and next_try_at <= clock_timestamp()
        order by next_try_at limit ${limit}`;
      return rows.map(({ stream, eventType }) => ({ stream, eventType }));
    },
  };
}

/** Parked streams of all consumers, or of one, the oldest first: for operators. */
export async function listParked(
  sql: postgres.Sql,
  filter: { readonly consumer?: string; readonly limit: number },
): Promise<ParkedStream[]> {
  const rows = await sql`
    select ${parkedColumns(sql)} from bus.parked
    where ${filter.consumer === undefined ? sql`true` : sql`consumer = ${filter.consumer}`}
    order by parked_at, consumer, stream limit ${filter.limit}`;
  return rows.map(parkedFrom);
}
