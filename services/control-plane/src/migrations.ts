import type { MigrationSet } from '@darkroom/event-store';

/** Tables of the control plane's own. */
export const controlPlaneMigrations: MigrationSet = {
  schema: 'control_plane',
  directory: new URL('../migrations/', import.meta.url),
};
