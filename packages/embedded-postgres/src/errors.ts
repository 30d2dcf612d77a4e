export type EmbeddedPostgresErrorCode =
  | 'unsupported_platform'
  | 'binaries_missing'
  | 'data_in_use'
  | 'data_unreachable'
  | 'data_from_other_version'
  | 'port_taken'
  | 'initdb_failed'
  | 'start_failed';

/** The embedded Postgres cannot run. `message` is one clear line; `facts` say where to look. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
  constructor(
    readonly code: EmbeddedPostgresErrorCode,
    message: string,
    readonly facts: Record<string, string> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
