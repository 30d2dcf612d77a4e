import { apiKeyPrefix, ConfigError, hashApiKey, newUuid } from '@darkroom/platform';
import type postgres from 'postgres';

/** Who intervenes. */
export interface Operator {
  /** UUID of the key; never the key. */
  readonly keyId: string;
}

const hashOf = (key: string): Buffer => Buffer.from(hashApiKey(key), 'hex');

/** The operator of a key as it was sent; undefined for one that is malformed, unknown or revoked. */
export async function findOperator(sql: postgres.Sql, key: string): Promise<Operator | undefined> {
  if (apiKeyPrefix(key) !== 'dk_ops') return undefined;
  const [row] = await sql<{ id: string }[]>`
    select id::text from control_plane.operator_keys where hash = ${hashOf(key)} and revoked_at is null`;
  return row && { keyId: row.id };
}

/**
 * Makes the configured operator key known. A changed key is added: what was given out before goes on working.
 * @throws ConfigError for a key that does not have the shape of one
 */
export async function addOperatorKey(sql: postgres.Sql, key: string): Promise<void> {
  if (apiKeyPrefix(key) !== 'dk_ops')
    throw new ConfigError('DARKROOM_OPERATOR_KEY must look like dk_ops_ and at least 16 of A-Z a-z 0-9 _ -');
  await sql`
    insert into control_plane.operator_keys (id, hash, label) values (${newUuid()}, ${hashOf(key)}, 'configured')
    on conflict (hash) do nothing`;
}
