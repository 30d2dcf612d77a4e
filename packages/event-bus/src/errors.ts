export type BusErrorCode =
  /** A pattern of a handler names no event of the contract. */
  | 'unknown_pattern'
  /** The handler's error was replaced on its way: the filter that surfaces errors is not installed. */
  | 'handler_error_hidden'
  /** The same error hits one stream after the other: a cause common to all messages. */
  | 'common_cause';

/** What the bus itself throws. */
export class BusError extends Error {
  override readonly name = 'BusError';
  constructor(
    readonly code: BusErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
