import type postgres from 'postgres';

/** Numbered SQL files of one schema: `NNNN_name.sql`, from 0001 without a gap, never changed once they ran anywhere. */
export interface MigrationSet {
  readonly schema: string;
  readonly directory: URL;
  /** `{{name}}` in the files; `{{schema}}` is always there. Values must be plain identifiers. */
  readonly variables?: Readonly<Record<string, string>>;
}

export interface MigrateOptions {
  readonly log?: (line: string) => void;
}

/** Brings every set's schema up to date, one process at a time. */
export async function migrate(
  _owner: postgres.Sql,
  _sets: readonly MigrationSet[],
  _options: MigrateOptions = {},
): Promise<void> {
  throw new Error('not yet');
}

/** Checks, without the owner's rights, that every set is there in full. */
export async function assertMigrated(_sql: postgres.Sql, _sets: readonly MigrationSet[]): Promise<void> {
  throw new Error('not yet');
}
