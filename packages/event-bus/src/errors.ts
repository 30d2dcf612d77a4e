export type BusErrorCode =
  /** A pattern of a handler names no event of the contract. */
  | 'unknown_pattern'
  /** The handler's error was replaced on its way: the filter that surfaces errors is not installed. */
  | 'handler_error_hidden'
  /** The same error hits one stream after the other: a cause common to all messages. */
  | 'common_cause'
  /** No broker answers: what a member asked, or anything at all. */
  | 'broker_silent'
  /** A member that left its group was asked for more. */
  | 'member_left'
  /** A handler has not ended for so long that others should have its partitions. */
  | 'consumer_stuck'
  /** The group has members that read other topics: partitions would go unread. */
  | 'mixed_subscriptions'
  /** A partition holds less than was read of it: its topic was made anew, or cut. */
  | 'offsets_reset'
  /** A publisher that was stopped was asked for more. */
  | 'publisher_stopped'
  /** A topic is not as the contract says. */
  | 'topic_mismatch';

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
