export { MigrationError, type MigrationErrorCode } from './errors.js';
export { eventStoreMigrations } from './event-store-set.js';
export { assertMigrated, migrate, type MigrateOptions, type MigrationSet } from './migrate.js';
