import { ContractError, encodeEvent, type SplitEvent } from '@darkroom/contract';
import { validate as isUuid } from 'uuid';
import { EventStoreError } from './errors.js';
import type { AppendRequest, CreateRequest, ExpectedVersion, RowWrite } from './event-store.js';
import type { EventMetadata, NewEvent } from './events.js';
import { checkMayAppend, type MayAppend } from './who-may-append.js';

/** An event in the shape in which it is stored. */
export interface StorableEvent extends SplitEvent {
  readonly id: string;
}

/** A checked append. */
export interface StorableAppend {
  readonly stream: string;
  readonly expected: ExpectedVersion;
  readonly metadata: EventMetadata;
  readonly events: readonly StorableEvent[];
  readonly with: RowWrite | undefined;
  /** The request as a JSON object without its braces, for a batch. */
  readonly json: string;
}

/** A checked create. */
export interface StorableCreate {
  readonly tenant: string;
  readonly idempotencyKey: string;
  readonly fingerprint: string;
  readonly stream: string;
  readonly metadata: EventMetadata;
  readonly event: StorableEvent;
  readonly json: string;
}

/** One append writes few events; a stream has some tens at most. */
const mostEvents = 100;
/** jsonb takes neither NUL nor a lone surrogate; JSON.stringify writes both as escapes. */
const unstorable = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/;

/**
 * Checks everything that can be checked without the database, so that a batch has no member that the database refuses.
 * @throws EventStoreError `malformed_request` or `not_allowed_to_append`
 */
export function storableAppend(request: AppendRequest, mayAppend: MayAppend | undefined): StorableAppend {
  checkUuid('stream', request.stream);
  checkExpected(request.expected);
  const { length } = request.events;
  if (length === 0 || length > mostEvents)
    throw malformed(`an append holds 1 to ${mostEvents} events, not ${length}`);
  if (new Set(request.events.map((event) => event.id)).size < length)
    throw malformed('two events have the same id');
  const events = request.events.map((event) => storableEvent(event, mayAppend, request.by));
  const metadata = storableMetadata(request.metadata);
  const exact = typeof request.expected === 'number';
  return {
    stream: request.stream,
    expected: request.expected,
    metadata,
    events,
    with: request.with,
    json: storableJson({
      stream: request.stream,
      mode: exact ? 'exact' : request.expected,
      expected: exact ? request.expected : null,
      tenant: metadata.tenant,
      metadata,
      events: events.map(eventJson),
    }),
  };
}

/** The same for a create. */
export function storableCreate(request: CreateRequest, mayAppend: MayAppend | undefined): StorableCreate {
  const { tenant, idempotencyKey, fingerprint, stream } = request;
  checkUuid('stream', stream);
  if (tenant === '') throw malformed('a create needs a tenant');
  if (idempotencyKey === '' || idempotencyKey.length > 255)
    throw malformed('an idempotency key has 1 to 255 characters');
  const event = storableEvent(request.event, mayAppend, request.by ?? 'intake');
  const metadata = storableMetadata(request.metadata);
  if (metadata.tenant !== tenant) throw malformed('a create belongs to the tenant of its metadata');
  const json = storableJson({
    tenant,
    key: idempotencyKey,
    fingerprint,
    stream,
    metadata,
    event: eventJson(event),
  });
  return { tenant, idempotencyKey, fingerprint, stream, metadata, event, json };
}

/** @throws EventStoreError `malformed_request` */
export function checkUuid(name: string, value: string): void {
  if (!isUuid(value)) throw malformed(`${name} is no UUID`);
}

function checkExpected(expected: ExpectedVersion): void {
  if (typeof expected === 'number' && (!Number.isInteger(expected) || expected < 0 || expected > 1_000_000)) {
    throw malformed(`${expected} is no version`);
  }
}

function storableEvent(
  event: NewEvent,
  mayAppend: MayAppend | undefined,
  by: AppendRequest['by'],
): StorableEvent {
  checkUuid('an event id', event.id);
  checkMayAppend(mayAppend, event.type, by);
  try {
    return { id: event.id.toLowerCase(), ...encodeEvent(event.type, event.data) };
  } catch (cause) {
    if (!(cause instanceof ContractError)) throw cause;
    throw new EventStoreError(
      'malformed_request',
      cause.message,
      { type: event.type, ...cause.facts },
      { cause },
    );
  }
}

function storableMetadata(metadata: EventMetadata): EventMetadata {
  if (metadata.tenant === '' || metadata.actor === '')
    throw malformed('metadata names a tenant and an actor');
  return metadata;
}

const eventJson = (event: StorableEvent): unknown => ({
  id: event.id,
  type: event.type,
  schemaVersion: event.schemaVersion,
  data: event.data,
  personal: event.personal,
});

function storableJson(value: object): string {
  const text = JSON.stringify(value);
  if (text.includes('\\u') && unstorable.test(text)) throw malformed('text holds a NUL or a lone surrogate');
  return text.slice(1, -1);
}

const malformed = (reason: string): EventStoreError => new EventStoreError('malformed_request', reason);
