import type { MigrationSet } from '@darkroom/event-store';

/** Tables of intake alone: tenants, keys, vendors' webhooks. */
export const intakeMigrations: MigrationSet = {
  schema: 'intake',
  directory: new URL('../migrations/', import.meta.url),
};
