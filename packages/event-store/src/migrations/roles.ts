/**
 * Group roles that services act as, whatever they log in as. The clients' API sees one tenant at a time; background services and
 * operators see all. Neither owns anything.
 */
export const databaseRoles = { api: 'darkroom_api', worker: 'darkroom_worker' } as const;

/** A service's role in the database. */
export type DatabaseRole = (typeof databaseRoles)[keyof typeof databaseRoles];
