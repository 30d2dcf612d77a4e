import { fieldsApart } from '@darkroom/contract';
import type { EventData, EventType } from '@darkroom/contract';
import type { EventMetadata, RecordedEvent } from '@darkroom/event-store';

/** Payload fields that are personal or secret and so never travel; held against the contract by a test. */
export const untravelledFields = ['prompt', 'promptSalt', 'evidence', 'links', 'link', 'body'] as const;

/** What a message may carry of an event's payload. */
export type TravellingData<T extends EventType> = Omit<EventData[T], (typeof untravelledFields)[number]>;

/** One event on its way to consumers: no personal or secret field; who needs those reads the store by (stream, version). */
export type BusMessageOf<T extends EventType> = {
  readonly type: T;
  readonly id: string;
  /** The generation (or provider account) that the event belongs to; order is kept per stream. */
  readonly stream: string;
  readonly version: number;
  readonly schemaVersion: number;
  readonly data: TravellingData<T>;
  readonly metadata: EventMetadata;
  readonly recordedAt: Date;
};

/** A message of any type, discriminated by `type`. */
export type BusMessage = { [T in EventType]: BusMessageOf<T> }[EventType];

/** Takes what may travel out of a stored event. */
export function toBusMessage(event: RecordedEvent): BusMessage {
  const apart = new Set(fieldsApart(event.type));
  const data = Object.fromEntries(Object.entries(event.data).filter(([name]) => !apart.has(name)));
  const { type, id, stream, version, schemaVersion, metadata, recordedAt } = event;
  // Only fields that the type leaves out as well were dropped.
  return { type, id, stream, version, schemaVersion, data, metadata, recordedAt } as BusMessage;
}
