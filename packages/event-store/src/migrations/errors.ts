export type MigrationErrorCode =
  | 'database_newer'
  | 'migrations_missing'
  | 'migration_changed'
  | 'malformed_set'
  | 'migration_failed'
  | 'restored_from_dump'
  | 'role_missing';

/** Why the schema cannot be brought to what the code needs: one clear line. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  constructor(
    readonly code: MigrationErrorCode,
    message: string,
    readonly facts: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
