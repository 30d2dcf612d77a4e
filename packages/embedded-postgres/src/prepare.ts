import postgres from 'postgres';
import type { KeptState } from './kept-state.js';

/** Who logs in. */
export const roles = {
  owner: 'darkroom_owner',
  service: 'darkroom_service',
  api: 'darkroom_intake',
} as const;
export const database = 'darkroom';

/** What they are: the rights are granted to these groups by the migrations. */
const groupOf = { [roles.service]: 'darkroom_worker', [roles.api]: 'darkroom_api' } as const;

/** Makes the roles and the database, or brings those of an older version up to date. May be run again. */
export async function prepare(superuserUrl: (database: string) => string, state: KeptState): Promise<void> {
  const quiet = { max: 1, onnotice: () => undefined };
  const admin = postgres(superuserUrl('postgres'), quiet);
  try {
    for (const name of [...Object.values(roles), ...Object.values(groupOf)]) {
      const login = Object.values<string>(roles).includes(name) ? 'LOGIN' : 'NOLOGIN';
      const found = await admin`SELECT FROM pg_roles WHERE rolname = ${name}`;
      if (found.length === 0) await admin.unsafe(`CREATE ROLE ${name} ${login}`);
    }
    for (const [login, group] of Object.entries(groupOf)) await admin.unsafe(`GRANT ${group} TO ${login}`);
    await admin.unsafe(`
      ALTER ROLE ${roles.owner} PASSWORD '${state.ownerPassword}';
      ALTER ROLE ${roles.service} PASSWORD '${state.servicePassword}';
      ALTER ROLE ${roles.api} PASSWORD '${state.apiPassword}'`);
    const found = await admin`SELECT FROM pg_database WHERE datname = ${database}`;
    if (found.length === 0) await admin.unsafe(`CREATE DATABASE ${database} OWNER ${roles.owner}`);
  } finally {
    await admin.end();
  }
  for (const name of ['template1', database]) await takeBackDirectGrants(postgres(superuserUrl(name), quiet));
}

/** An older version gave its one service role everything, in every database, beside the groups. */
async function takeBackDirectGrants(sql: postgres.Sql): Promise<void> {
  try {
    await sql.unsafe(`
      ALTER DEFAULT PRIVILEGES FOR ROLE ${roles.owner} REVOKE ALL ON SCHEMAS FROM ${roles.service};
      ALTER DEFAULT PRIVILEGES FOR ROLE ${roles.owner} REVOKE ALL ON TABLES FROM ${roles.service};
      ALTER DEFAULT PRIVILEGES FOR ROLE ${roles.owner} REVOKE ALL ON SEQUENCES FROM ${roles.service};
      DO $$
      DECLARE
        s text;
      BEGIN
        FOR s IN SELECT nspname FROM pg_namespace WHERE nspowner = '${roles.owner}'::regrole LOOP
          EXECUTE format('REVOKE ALL ON SCHEMA %I FROM ${roles.service}', s);
          EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM ${roles.service}', s);
          EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM ${roles.service}', s);
        END LOOP;
      END $$`);
  } finally {
    await sql.end();
  }
}
