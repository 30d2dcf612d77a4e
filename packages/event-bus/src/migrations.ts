import type { MigrationSet } from '@darkroom/event-store';

/** Tables of the bus: parked streams and the guard of handlers that have no row of their own. */
export const busMigrations: MigrationSet = {
  schema: 'bus',
  directory: new URL('../migrations/', import.meta.url),
};
