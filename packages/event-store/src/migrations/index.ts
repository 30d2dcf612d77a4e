export { MigrationError, type MigrationErrorCode } from './errors.js';
export { eventStoreMigrations } from './event-store-set.js';
export { assertMigrated, migrate } from './migrate.js';
export { openMigrated, type OpenOptions } from './open-migrated.js';
export { type DatabaseRole, databaseRoles } from './roles.js';
export type { MigrationSet } from './migration-files.js';
