import type { Database } from '../database.js';

/** Empties the personal part of every event of a tenant's stream; `{}` says that there was one. */
export async function erasePersonal(sql: Database, stream: string, tenant: string): Promise<void> {
  await sql`SELECT event_store.erase_personal(${tenant}, ${stream}::uuid)`;
}
