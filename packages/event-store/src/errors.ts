export type EventStoreErrorCode =
  /** Nothing was written: the database cannot be reached or cannot take it now. Try again later. */
  | 'store_unavailable'
  /** The answer was lost and could not be asked again in time: it may have been written. Repeat with the same ids. */
  | 'outcome_unknown'
  /** The request cannot be stored as it is. */
  | 'malformed_request'
  /** This service may not append this type of event. */
  | 'not_allowed_to_append'
  | 'malformed_cursor'
  /** A stored event that this code cannot read. */
  | 'unreadable_event'
  /** The transaction wrote before it held the stream's lock; it would break the order of the log. */
  | 'lock_not_first'
  /** Another holder has the lease by now. */
  | 'fenced'
  | 'stopped';

/** What the event store throws. Expected outcomes (conflict, duplicate, fenced) are return values. */
export class EventStoreError extends Error {
  override readonly name = 'EventStoreError';
  constructor(
    readonly code: EventStoreErrorCode,
    message: string,
    readonly facts: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
