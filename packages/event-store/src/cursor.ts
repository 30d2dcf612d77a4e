import { EventStoreError } from './errors.js';

declare const cursorBrand: unique symbol;

/**
 * A place in the log. Opaque to its holders, but two of them sort as text (bytewise, COLLATE "C") in the order of the log,
 * so that a table may be keyed by it.
 */
export type Cursor = string & { readonly [cursorBrand]: true };

/** Where a cursor points: the writing transaction and the position. */
export interface LogPosition {
  readonly tx: bigint;
  readonly position: bigint;
}

const width = 16;
const wellFormed = /^[0-9a-f]{32}$/;
const hex = (value: bigint): string => value.toString(16).padStart(width, '0');

/** Names a place in the log. */
export function cursorOf(at: LogPosition): Cursor {
  return `${hex(at.tx)}${hex(at.position)}` as Cursor;
}

/** The place before the first event. */
export const origin: Cursor = cursorOf({ tx: 0n, position: 0n });

/**
 * Checks text that came from outside.
 * @throws EventStoreError `malformed_cursor`
 */
export function parseCursor(text: string): Cursor {
  if (!wellFormed.test(text))
    throw new EventStoreError('malformed_cursor', 'this is no cursor of the event log');
  return text as Cursor;
}

/** The place that a cursor names. */
export function positionOf(cursor: Cursor): LogPosition {
  return { tx: BigInt(`0x${cursor.slice(0, width)}`), position: BigInt(`0x${cursor.slice(width)}`) };
}
