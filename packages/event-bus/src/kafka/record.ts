import {
  ContractError,
  decodeEvent,
  eventSchemas,
  type EventType,
  fieldsApart,
  isEventType,
} from '@darkroom/contract';
import { topicOf } from '@darkroom/contract/topics';
import { z } from 'zod';
import type { BusMessage } from '../message.js';
import type { ParkedAt } from '../parked-streams.js';

/** An event as a Kafka record: CloudEvents in binary mode, the value proto3 JSON that any reader can make sense of. */
export interface EventRecord {
  readonly topic: string;
  /** Id of the stream, so that order is kept for it. */
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since 1970, as text. */
  readonly timestamp: string;
}

/** A record as it comes from a broker. */
export interface RawRecord {
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * What a record turned out to be. `passed-over`: of a type that the contract does not know or the group does not handle. `unreadable`: of a
 * known place in a stream, with a payload that this program cannot read. `refused`: it does not even say what it is.
 */
export type ReadRecord =
  | { readonly kind: 'message'; readonly message: BusMessage }
  | { readonly kind: 'passed-over' }
  | { readonly kind: 'unreadable'; readonly at: ParkedAt; readonly error: ContractError }
  | { readonly kind: 'refused'; readonly reason: string };

/** Source of CloudEvents: who wrote it. */
const source = '/darkroom/event-store';

/**
 * Writes an event as a record.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
 */
export function toRecord(message: BusMessage): EventRecord {
  const { type, id, stream, version, schemaVersion, data, metadata, recordedAt } = message;
  return {
    topic: topicOf(type).name,
    key: stream,
    value: JSON.stringify(data),
    timestamp: String(recordedAt.getTime()),
    headers: {
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_id: id,
      ce_source: source,
      ce_type: eventSchemas[type].typeName,
      ce_subject: stream,
      ce_time: recordedAt.toISOString(),
      ce_sequence: String(version),
      ce_schemaversion: String(schemaVersion),
      ce_tenant: metadata.tenant,
      ce_actor: metadata.actor,
      ...(metadata.causationId === undefined ? {} : { ce_causationid: metadata.causationId }),
      ...(metadata.traceparent === undefined ? {} : { traceparent: metadata.traceparent }),
    },
  };
}

const count = z
  .string()
  .regex(/^[1-9]\d{0,8}$/)
  .transform(Number);
const attributes = z.object({
  ce_type: z.string().min(1),
  ce_id: z.uuid(),
  ce_subject: z.uuid(),
  ce_sequence: count,
  ce_schemaversion: count,
  ce_time: z.iso.datetime().transform((text) => new Date(text)),
  ce_tenant: z.string().min(1),
  ce_actor: z.string().min(1),
  ce_causationid: z.string().optional(),
  traceparent: z.string().optional(),
});

const typesByName = new Map<string, EventType>(
  Object.keys(eventSchemas)
    .filter(isEventType)
    .map((type) => [eventSchemas[type].typeName, type]),
);

/** Reads a record for a group that handles these types. Total: whatever it holds. */
export function readRecord(record: RawRecord, handled: ReadonlySet<EventType>): ReadRecord {
  const told = attributes.safeParse(textHeaders(record.headers ?? {}));
  if (!told.success) return { kind: 'refused', reason: firstIssue(told.error) };
  const facts = told.data;
  const type = typesByName.get(facts.ce_type);
  if (type === undefined || !handled.has(type)) return { kind: 'passed-over' };
  const at = { stream: facts.ce_subject, version: facts.ce_sequence, id: facts.ce_id, type };
  try {
    const decoded = decodeEvent(type, facts.ce_schemaversion, payload(record.value, type), null);
    const apart = new Set(fieldsApart(type));
    const data = Object.fromEntries(Object.entries(decoded.data).filter(([name]) => !apart.has(name)));
    const metadata = {
      tenant: facts.ce_tenant,
      actor: facts.ce_actor,
      ...(facts.ce_causationid === undefined ? {} : { causationId: facts.ce_causationid }),
      ...(facts.traceparent === undefined ? {} : { traceparent: facts.traceparent }),
    };
    // Only fields that the type leaves out as well were dropped from what was checked against the contract.
    const message = {
      ...at,
      schemaVersion: facts.ce_schemaversion,
      data,
      metadata,
      recordedAt: facts.ce_time,
    } as BusMessage;
    return { kind: 'message', message };
  } catch (error) {
    if (error instanceof ContractError) return { kind: 'unreadable', at, error };
    throw error;
  }
}

type Payload = Parameters<typeof decodeEvent>[2];

function payload(value: Buffer | null, type: EventType): Payload {
  const malformed = (reason: string, cause?: unknown): ContractError =>
    new ContractError('malformed_event', `payload of ${type} ${reason}`, { type }, { cause });
  if (value === null || value.length === 0) throw malformed('is empty');
  let parsed: unknown;
  try {
    parsed = JSON.parse(value.toString('utf8'));
  } catch (cause) {
    throw malformed('is no JSON', cause);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw malformed('is no object');
  return parsed as Payload;
}

/** A header may come several times: then it says nothing certain and is left out. */
const textHeaders = (headers: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      Buffer.isBuffer(value)
        ? [[name, value.toString('utf8')]]
        : typeof value === 'string'
          ? [[name, value]]
          : [],
    ),
  );

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? 'unreadable headers' : `header ${issue.path.join('.')}: ${issue.message}`;
}
