import { arrayOf } from '@darkroom/event-store';
import { apiKeyPrefix, ConfigError, hashApiKey, newUuid } from '@darkroom/platform';
import type postgres from 'postgres';

/** The tenant that `npm start` opens. */
export const demoTenant = 'demo';

/**
 * Makes the demo tenant and its key known. A changed key is added: what was given out before goes on working.
 * @returns the key's id
 * @throws ConfigError for a key that does not have the shape of one
 */
export async function addDemoKey(sql: postgres.Sql, key: string, route: readonly string[]): Promise<string> {
  if (apiKeyPrefix(key) !== 'dk_test')
    throw new ConfigError('DARKROOM_DEMO_KEY must look like dk_test_ and at least 16 of A-Z a-z 0-9 _ -');
  const hash = Buffer.from(hashApiKey(key), 'hex');
  await sql`
    insert into intake.tenants (id, title, default_route) values (${demoTenant}, 'Demo', ${arrayOf(route)}::text[])
    on conflict (id) do nothing`;
  await sql`
    with added as (
      insert into intake.api_keys (id, tenant, hash, label) values (${newUuid()}, ${demoTenant}, ${hash}, 'demo')
      on conflict (hash) do nothing returning id, tenant
    )
    insert into intake.api_key_audit (key, tenant, action, actor) select id, tenant, 'added', 'service:intake' from added`;
  const [row] = await sql<{ id: string }[]>`select id::text from intake.api_keys where hash = ${hash}`;
  if (!row) throw new Error('the demo key is not there after it was added');
  return row.id;
}
