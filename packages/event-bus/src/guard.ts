import type postgres from 'postgres';

/**
 * For a handler whose effect has no row that could carry the stream's version: moves the guard forward in the effect's own
 * transaction. False: this version, or a later one, has had its effect; drop the message.
 */
export async function guardForward(
  tx: postgres.TransactionSql,
  consumer: string,
  stream: string,
  version: number,
): Promise<boolean> {
  const moved = await tx`
    insert into bus.guard as g (consumer, stream, version) values (${consumer}, ${stream}, ${version})
    on conflict (consumer, stream) do update set version = excluded.version where g.version < excluded.version
    returning 1`;
  return moved.length > 0;
}
