import type { MigrationSet } from '@darkroom/event-store';

/** Tables of every read model. A changed model gets a new table with its version in the name, built beside the old one. */
export const readModelMigrations: MigrationSet = {
  schema: 'read_models',
  directory: new URL('../migrations/', import.meta.url),
};
