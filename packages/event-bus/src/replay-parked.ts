import type postgres from 'postgres';
import { parkedFrom, type ParkedStream, parkedColumns } from './parked-streams.js';

/** Which parked streams are meant; what is absent restricts nothing. */
export interface ParkedFilter {
  readonly consumer?: string | undefined;
  /** UUID. */
  readonly stream?: string | undefined;
  readonly eventType?: string | undefined;
  /** Name or code of the error that it was parked for. */
  readonly error?: string | undefined;
  readonly parkedBefore?: Date | undefined;
}

/** What a replay would do, or did. */
export interface Replay {
  /** Streams that the filter means and that wait for their next try. */
  readonly waiting: number;
  /** The first of them, at most as many as the cap: those that are tried. */
  readonly streams: readonly ParkedStream[];
}

const waits = (
  sql: postgres.Sql | postgres.TransactionSql,
  filter: ParkedFilter,
): postgres.PendingQuery<postgres.Row[]> => sql`
  next_try_at > clock_timestamp()
  ${filter.consumer === undefined ? sql`` : sql`and consumer = ${filter.consumer}`}
  ${filter.stream === undefined ? sql`` : sql`and stream = ${filter.stream}`}
  ${filter.eventType === undefined ? sql`` : sql`and event_type = ${filter.eventType}`}
  ${filter.error === undefined ? sql`` : sql`and (error ->> 'name' = ${filter.error} or error ->> 'code' = ${filter.error})`}
  ${filter.parkedBefore === undefined ? sql`` : sql`and parked_at < ${filter.parkedBefore}`}`;

/** What `replayParked` would do with the same filter and cap; changes nothing. */
export async function previewReplay(
  sql: postgres.Sql | postgres.TransactionSql,
  filter: ParkedFilter,
  cap: number,
): Promise<Replay> {
  const [row] = await sql<
    { n: number }[]
  >`select count(*)::int as n from bus.parked where ${waits(sql, filter)}`;
  const rows = await sql`
    select ${parkedColumns(sql)} from bus.parked where ${waits(sql, filter)}
    order by parked_at, consumer, stream limit ${cap}`;
  return { waiting: row?.n ?? 0, streams: rows.map(parkedFrom) };
}

/**
 * Lets parked streams be tried now, the longest parked first, at most `cap`: each by the consumer that parked it, in its order,
 * within about a second. What is due already is left alone, so that asking twice does nothing more.
 */
export async function replayParked(
  tx: postgres.TransactionSql,
  filter: ParkedFilter,
  cap: number,
): Promise<Replay> {
  const replay = await previewReplay(tx, filter, cap);
  const keys = replay.streams.map(({ consumer, stream }) => ({ consumer, stream }));
  const moved = await tx<{ consumer: string; stream: string }[]>`
    update bus.parked p set next_try_at = clock_timestamp()
    from jsonb_to_recordset(${tx.json(keys)}) as k (consumer text, stream uuid)
    where p.consumer = k.consumer and p.stream = k.stream and p.next_try_at > clock_timestamp()
    returning p.consumer, p.stream`;
  const done = new Set(moved.map(({ consumer, stream }) => JSON.stringify([consumer, stream])));
  return {
    waiting: replay.waiting,
    streams: replay.streams.filter(({ consumer, stream }) => done.has(JSON.stringify([consumer, stream]))),
  };
}
