import postgres from 'postgres';
import type { KeptState } from './kept-state.js';

export const roles = { owner: 'darkroom_owner', service: 'darkroom_service' } as const;
export const database = 'darkroom';

/** Makes, once, the roles, the database, and the rights that the service role gets on whatever the owner makes. */
export async function prepare(superuserUrl: (database: string) => string, state: KeptState): Promise<void> {
  const quiet = { max: 1, onnotice: () => undefined };
  const template = postgres(superuserUrl('template1'), quiet);
  try {
    await template.unsafe(`
      DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${roles.owner}') THEN CREATE ROLE ${roles.owner} LOGIN; END IF;
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${roles.service}') THEN CREATE ROLE ${roles.service} LOGIN; END IF;
      END $$;
      ALTER ROLE ${roles.owner} PASSWORD '${state.ownerPassword}';
      ALTER ROLE ${roles.service} PASSWORD '${state.servicePassword}';
      ALTER DEFAULT PRIVILEGES FOR ROLE ${roles.owner} GRANT USAGE ON SCHEMAS TO ${roles.service};
      ALTER DEFAULT PRIVILEGES FOR ROLE ${roles.owner} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${roles.service};
      ALTER DEFAULT PRIVILEGES FOR ROLE ${roles.owner} GRANT USAGE, SELECT ON SEQUENCES TO ${roles.service};
    `);
  } finally {
    await template.end();
  }
  // Default privileges belong to a database; every one that is made from template1 inherits them.
  const admin = postgres(superuserUrl('postgres'), quiet);
  try {
    const found = await admin`SELECT 1 FROM pg_database WHERE datname = ${database}`;
    if (found.length === 0) await admin.unsafe(`CREATE DATABASE ${database} OWNER ${roles.owner}`);
  } finally {
    await admin.end();
  }
}
