import type { MigrationSet } from '@darkroom/event-store';
import { workTableMigrations } from '@darkroom/work-table';

/** The service's own schema. */
export const artifactSchema = 'artifact';

/** Its work table is all that it keeps. */
export const artifactMigrations: MigrationSet = workTableMigrations(artifactSchema);
