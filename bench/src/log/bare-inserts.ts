import { arrayOf, type Database } from '@darkroom/event-store';

/** What a row of the log holds, as text. */
export interface BareRow {
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly id: string;
  readonly data: string;
  readonly metadata: string;
}

/** A table with the columns and the indexes of the log, and nothing that guards it. */
export async function createBareTable(sql: Database): Promise<void> {
  await sql.unsafe(`
    CREATE TABLE public.bare (LIKE event_store.events INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES);
    ALTER TABLE public.bare ALTER tx SET DEFAULT pg_current_xact_id();
    GRANT SELECT, INSERT ON public.bare TO PUBLIC`);
}

export async function insertOne(sql: Database, row: BareRow): Promise<void> {
  await sql`
    INSERT INTO public.bare (stream, version, type, schema_version, id, data, metadata)
    VALUES (${row.stream}, ${row.version}, ${row.type}, 1, ${row.id}, ${row.data}::text::jsonb, ${row.metadata}::text::jsonb)`;
}

/** INSERTs that collect while one is in flight. */
export function batchedInserts(sql: Database): (row: BareRow) => Promise<void> {
  let queue: { row: BareRow; done: () => void; failed: (error: unknown) => void }[] = [];
  let isSending = false;

  async function send(): Promise<void> {
    isSending = true;
    await Promise.resolve();
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      const column = (of: (row: BareRow) => string | number): string =>
        arrayOf(batch.map(({ row }) => of(row)));
      try {
        await sql`
          INSERT INTO public.bare (stream, version, type, schema_version, id, data, metadata)
          SELECT stream, version, type, 1, id, data, metadata
          FROM unnest(${column(({ stream }) => stream)}::uuid[], ${column(({ version }) => version)}::int[],
                      ${column(({ type }) => type)}::text[], ${column(({ id }) => id)}::uuid[],
                      ${column(({ data }) => data)}::jsonb[], ${column(({ metadata }) => metadata)}::jsonb[])
            AS r(stream, version, type, id, data, metadata)`;
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    isSending = false;
  }

  return (row) =>
    new Promise((done, failed) => {
      queue.push({ row, done, failed });
      if (!isSending) void send();
    });
}
