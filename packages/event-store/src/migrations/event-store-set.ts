import type { MigrationSet } from './migration-files.js';

/** The event store's own schema. */
export const eventStoreMigrations: MigrationSet = {
  schema: 'event_store',
  directory: new URL('../../migrations/', import.meta.url),
};
