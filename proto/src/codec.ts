import {
  type DescField,
  fromJson,
  getOption,
  hasOption,
  type JsonObject,
  type JsonValue,
  toJson,
} from '@bufbuild/protobuf';
import { type EventData, eventSchemas, type EventType, isEventType } from './event-shape.js';
import { isCanonical } from './canonical.js';
import { upcast } from './upcast.js';
import {
  personal,
  schema_version,
  secret,
  tenant_visible,
  tenant_visible_event,
} from './gen/darkroom/options/v1/options_pb.js';

export type ContractErrorCode = 'unknown_event_type' | 'malformed_event' | 'newer_schema_version';

/** An event that the contract does not allow. `code` is stable; `facts` never hold personal or secret values. */
export class ContractError extends Error {
  override readonly name = 'ContractError';
  constructor(
    readonly code: ContractErrorCode,
    message: string,
    readonly facts: Record<string, string> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** An event's payload in the two parts in which it is stored. `personal` holds what is personal or secret; null when nothing is. */
export interface SplitEvent {
  readonly type: EventType;
  readonly schemaVersion: number;
  readonly data: JsonObject;
  readonly personal: JsonObject | null;
}

interface FieldRule {
  readonly name: string;
  readonly apart: boolean;
  readonly tenantVisible: boolean;
  readonly required: boolean;
}

const isApart = (field: DescField): boolean => getOption(field, personal) || getOption(field, secret);

function rulesOf(type: EventType): readonly FieldRule[] {
  return eventSchemas[type].fields.map((field) => ({
    name: field.jsonName,
    apart: isApart(field),
    tenantVisible: getOption(field, tenant_visible),
    required: field.fieldKind === 'message' && !field.proto.proto3Optional && !isApart(field),
  }));
}

interface EventFacts {
  readonly schemaVersion: number;
  readonly tenantVisible: boolean;
}

/** Looked up once: an option is read from its descriptor's bytes each time. */
const facts = new Map<EventType, EventFacts>();
function factsOf(type: EventType): EventFacts {
  const known = facts.get(type);
  if (known) return known;
  const schema = eventSchemas[type];
  const made = {
    schemaVersion: hasOption(schema, schema_version) ? getOption(schema, schema_version) : 1,
    tenantVisible: getOption(schema, tenant_visible_event),
  };
  facts.set(type, made);
  return made;
}

const rules = new Map<EventType, readonly FieldRule[]>();
function fieldRules(type: EventType): readonly FieldRule[] {
  const known = rules.get(type);
  if (known) return known;
  const made = rulesOf(type);
  rules.set(type, made);
  return made;
}

function asEventType(type: string): EventType {
  if (!isEventType(type))
    throw new ContractError('unknown_event_type', `unknown event type ${type}`, { type });
  return type;
}

function normalised(type: EventType, json: JsonValue, lenient: boolean): JsonObject {
  try {
    const schema = eventSchemas[type];
    const message = fromJson(schema, json, { ignoreUnknownFields: lenient });
    const filled = toJson(schema, message, { alwaysEmitImplicit: true });
    if (typeof filled !== 'object' || filled === null || Array.isArray(filled))
      throw new TypeError('not an object');
    return filled;
  } catch (cause) {
    throw new ContractError(
      'malformed_event',
      `payload of ${type} does not fit the contract`,
      { type },
      { cause },
    );
  }
}

/**
 * Checks a payload strictly against the contract and splits what is personal or secret from the rest.
 * @throws ContractError `malformed_event` for an unknown field, a wrong type or a missing required message.
 */
export function encodeEvent<T extends EventType>(type: T, payload: EventData[T]): SplitEvent {
  const sent = JSON.parse(JSON.stringify(payload)) as JsonObject;
  const json = isCanonical(type, sent) ? sent : normalised(type, sent, false);
  const data: JsonObject = {};
  const apart: JsonObject = {};
  let anyApart = false;
  for (const rule of fieldRules(type)) {
    const value = json[rule.name];
    if (value === undefined) {
      if (rule.required) {
        throw new ContractError('malformed_event', `${type}.${rule.name} is missing`, {
          type,
          field: rule.name,
        });
      }
      continue;
    }
    if (rule.apart) {
      apart[rule.name] = value;
      anyApart = true;
    } else {
      data[rule.name] = value;
    }
  }
  return { type, schemaVersion: schemaVersionOf(type), data, personal: anyApart ? apart : null };
}

/**
 * Joins the two stored parts into one payload of today's shape, leniently: older schema versions are lifted, fields of a newer writer are dropped, defaults filled in.
 * Where the personal part was erased its fields are absent (repeated ones empty); the caller knows it from the row.
 * @throws ContractError for an unknown type, a newer schema version or a payload that does not fit.
 */
export function decodeEvent(
  type: string,
  schemaVersion: number,
  data: JsonObject,
  personalPart: JsonObject | null,
): DecodedEvent {
  const known = asEventType(type);
  const current = schemaVersionOf(known);
  if (schemaVersion > current) {
    throw new ContractError(
      'newer_schema_version',
      `${type} of schema version ${schemaVersion} is newer than this program`,
      { type, schemaVersion: String(schemaVersion) },
    );
  }
  const parts = upcast(known, schemaVersion, current, { data, personal: personalPart });
  const joined = { ...parts.data, ...parts.personal };
  const payload = isCanonical(known, joined) ? joined : normalised(known, joined, true);
  for (const rule of fieldRules(known)) {
    if (rule.required && payload[rule.name] === undefined) {
      throw new ContractError('malformed_event', `${known}.${rule.name} is missing`, {
        type,
        field: rule.name,
      });
    }
  }
  // The shape was checked against the descriptor just above; the type is derived from the same descriptor.
  return { type: known, data: payload } as DecodedEvent;
}

/** A payload joined to its type: a discriminated union over all event types. */
export type DecodedEvent = { [T in EventType]: { readonly type: T; readonly data: EventData[T] } }[EventType];

/** Version of the shape that is written today for this type; 1 unless the contract says more. */
export function schemaVersionOf(type: EventType): number {
  return factsOf(type).schemaVersion;
}

/** Whether a tenant may know that such an event happened. */
export function isTenantVisible(type: EventType): boolean {
  return factsOf(type).tenantVisible;
}

/** The allow-listed fields of an event for its tenant, without amounts that nobody named; null where the event itself is not for tenants. */
export function tenantView(type: EventType, data: JsonObject): JsonObject | null {
  if (!isTenantVisible(type)) return null;
  const visible: JsonObject = {};
  for (const rule of fieldRules(type)) {
    const value = data[rule.name];
    if (rule.tenantVisible && value !== undefined && !isUnnamedAmount(value)) visible[rule.name] = value;
  }
  return visible;
}

/** An amount that nobody has named has no currency: whoever reads its zero would take it for a price. */
function isUnnamedAmount(value: JsonObject[string]): boolean {
  return typeof value === 'object' && value !== null && 'currency' in value && value['currency'] === '';
}

/** Names of the fields that are stored apart for this type. */
export function fieldsApart(type: EventType): readonly string[] {
  return fieldRules(type)
    .filter((rule) => rule.apart)
    .map((rule) => rule.name);
}
