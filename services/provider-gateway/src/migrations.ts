import type { MigrationSet } from '@darkroom/event-store';
import { workTableMigrations } from '@darkroom/work-table';

/** Tables of the gateway's own: its jobs, and what it knows of accounts and vendors' jobs. */
export const providerGatewayMigrations: readonly MigrationSet[] = [
  { schema: 'gateway', directory: new URL('../migrations/', import.meta.url) },
  workTableMigrations('gateway'),
];
