export type InfraErrorCode =
  /** A program that is needed to fetch, build or run a part is not there, or too old. */
  | 'tool_missing'
  /** Fetching or building a part failed. */
  | 'install_failed'
  /** A part was never fetched. */
  | 'not_installed'
  /** A server ended, or said nothing, before it was ready. */
  | 'start_failed';

/** A real part cannot be had or run here. `message` is one clear line that also says what to do instead. */
export class InfraError extends Error {
  override readonly name = 'InfraError';
  constructor(
    readonly code: InfraErrorCode,
    message: string,
    readonly facts: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
