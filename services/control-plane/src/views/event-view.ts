import { fieldsApart } from '@darkroom/contract';
import type { RecordedEvent } from '@darkroom/event-store';
import { redactText } from '../policy/redact.js';

/** One event as operators see it. */
export interface EventView {
  readonly version: number;
  readonly type: string;
  readonly time: string;
  /** `service:…`, `client:…` or `operator:…`. */
  readonly actor: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What was sent and what came back, cut and redacted. */
export interface EvidenceView {
  readonly version: number;
  /** Method and address of what was asked; null where nobody wrote it down. */
  readonly request: string | null;
  readonly response_status: number | null;
  readonly response_body: string;
  readonly error: string;
  readonly observed_at: string | null;
  /** The vendor's name of the call, for its support. */
  readonly vendor_request_id: string | null;
}

/** Vendors' words within otherwise plain fields. */
const vendorWords = new Set(['vendorMessage', 'vendorCode', 'detail']);

/** An event without what is personal or secret; evidence stays, cut and redacted. */
export function eventView(event: RecordedEvent): EventView {
  const apart = new Set(fieldsApart(event.type));
  const plain = Object.entries(event.data).filter(([name]) => !apart.has(name));
  const data = Object.fromEntries(
    plain.map(([name, value]: [string, unknown]) => [
      name,
      name === 'metadata'
        ? value
        : said(vendorWords.has(name) && typeof value === 'string' ? redactText(value) : value),
    ]),
  );
  const evidence = evidenceOf(event);
  return {
    version: event.version,
    type: event.type,
    time: event.recordedAt.toISOString(),
    actor: event.metadata.actor,
    data: evidence === null ? data : { ...data, evidence },
  };
}

/** A field that the event does not have is null, and not the value that its encoding has for nothing. */
function said(value: unknown): unknown {
  if (typeof value === 'string') return value === '' || value.endsWith('_UNSPECIFIED') ? null : value;
  if (Array.isArray(value)) return value.map(said);
  if (typeof value !== 'object' || value === null) return value;
  if ('micros' in value && 'currency' in value && value.currency === '') return null;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]: [string, unknown]) => [name, said(inner)]),
  );
}

/** The evidence that an event carries, without the place of the raw answer. */
export function evidenceOf(event: RecordedEvent): EvidenceView | null {
  if (!('evidence' in event.data) || event.data.evidence === undefined) return null;
  const { responseStatus, responseBody, error, observedAt, requestId, request } = event.data.evidence;
  return {
    version: event.version,
    request: request === '' ? null : redactText(request),
    response_status: responseStatus === 0 ? null : responseStatus,
    response_body: redactText(responseBody),
    error: redactText(error),
    observed_at: observedAt,
    vendor_request_id: requestId === '' ? null : redactText(requestId),
  };
}
