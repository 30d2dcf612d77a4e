import type { Database } from '../database.js';

/** Empties the personal part of every event of the stream; `{}` says that there was one. */
export async function erasePersonal(sql: Database, stream: string): Promise<void> {
  await sql`
    UPDATE event_store.events SET personal = '{}'
    WHERE stream = ${stream} AND personal IS NOT NULL AND personal <> '{}'`;
}
