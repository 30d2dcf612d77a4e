import {
  type DescField,
  type DescMessage,
  type DescOneof,
  type JsonObject,
  type JsonValue,
  ScalarType,
} from '@bufbuild/protobuf';
import { eventSchemas, type EventType } from './event-shape.js';

type Check = (value: JsonValue) => boolean;

interface FieldCheck {
  readonly name: string;
  /** Always there in canonical JSON: everything but messages and what the contract marks `optional`. */
  readonly always: boolean;
  /** Of the fields of one group at most one is there. */
  readonly group: DescOneof | undefined;
  readonly fits: Check;
}

const never: Check = () => false;
const integer =
  (least: number, most: number): Check =>
  (value) =>
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= least &&
    value <= most &&
    !Object.is(value, -0);
const int64: Check = (value) => typeof value === 'string' && /^(0|-?[1-9]\d{0,17})$/.test(value);
const uint64: Check = (value) => typeof value === 'string' && /^(0|[1-9]\d{0,17})$/.test(value);

const loneSurrogate = /\p{Surrogate}/u;

/** What is not here (bytes, fractions) is left to the codec. */
const scalars: Partial<Record<ScalarType, Check>> = {
  [ScalarType.STRING]: (value) => typeof value === 'string' && !loneSurrogate.test(value),
  [ScalarType.BOOL]: (value) => typeof value === 'boolean',
  [ScalarType.INT32]: integer(-(2 ** 31), 2 ** 31 - 1),
  [ScalarType.SINT32]: integer(-(2 ** 31), 2 ** 31 - 1),
  [ScalarType.SFIXED32]: integer(-(2 ** 31), 2 ** 31 - 1),
  [ScalarType.UINT32]: integer(0, 2 ** 32 - 1),
  [ScalarType.FIXED32]: integer(0, 2 ** 32 - 1),
  [ScalarType.INT64]: int64,
  [ScalarType.SINT64]: int64,
  [ScalarType.SFIXED64]: int64,
  [ScalarType.UINT64]: uint64,
  [ScalarType.FIXED64]: uint64,
};

const timestamp: Check = (value) => {
  // Of the years that a Timestamp has, as ISO 8601 writes them.
  if (typeof value !== 'string' || !/^(?!0000)\d{4}-/.test(value)) return false;
  const at = Date.parse(value);
  // As it is written: in UTC, with no fraction or with milliseconds.
  return !Number.isNaN(at) && value === new Date(at).toISOString().replace('.000Z', 'Z');
};

const messages = new Map<DescMessage, Check>();

function messageCheck(message: DescMessage): Check {
  if (message.typeName === 'google.protobuf.Timestamp') return timestamp;
  if (message.typeName.startsWith('google.protobuf.')) return never;
  const known = messages.get(message);
  if (known) return known;
  let fields: ReadonlyMap<string, FieldCheck> | undefined;
  const check: Check = (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    fields ??= new Map(message.fields.map((field) => [field.jsonName, fieldCheck(field)]));
    const groups = new Set<DescOneof>();
    let always = 0;
    for (const name in value) {
      const field = fields.get(name);
      const part = value[name];
      if (field === undefined || part === undefined || !field.fits(part)) return false;
      if (field.always) always += 1;
      if (field.group === undefined) continue;
      if (groups.has(field.group)) return false;
      groups.add(field.group);
    }
    for (const field of fields.values()) if (field.always) always -= 1;
    return always === 0;
  };
  messages.set(message, check);
  return check;
}

function fieldCheck(field: DescField): FieldCheck {
  const name = field.jsonName;
  const singular = field.fieldKind !== 'list' && field.fieldKind !== 'map';
  const explicit =
    singular && (field.fieldKind === 'message' || field.oneof !== undefined || field.proto.proto3Optional);
  return { name, always: !explicit, group: field.oneof, fits: valueCheck(field) };
}

function valueCheck(field: DescField): Check {
  switch (field.fieldKind) {
    case 'scalar':
      return scalars[field.scalar] ?? never;
    case 'enum': {
      const names = new Set(field.enum.values.map((value) => value.name));
      return (value) => typeof value === 'string' && names.has(value);
    }
    case 'message':
      return messageCheck(field.message);
    case 'list': {
      const element = elementCheck(field);
      return (value) => Array.isArray(value) && value.every(element);
    }
    case 'map': {
      const element = elementCheck(field);
      if (field.mapKey !== ScalarType.STRING) return never;
      return (value) =>
        typeof value === 'object' &&
        value !== null &&
        !Array.isArray(value) &&
        Object.entries(value).every(([key, one]) => !loneSurrogate.test(key) && element(one));
    }
  }
}

function elementCheck(field: DescField & { readonly fieldKind: 'list' | 'map' }): Check {
  const kind = field.fieldKind === 'list' ? field.listKind : field.mapKind;
  if (kind === 'scalar' && field.scalar !== undefined) return scalars[field.scalar] ?? never;
  if (kind === 'message' && field.message !== undefined) return messageCheck(field.message);
  if (kind === 'enum' && field.enum !== undefined) {
    const names = new Set(field.enum.values.map((value) => value.name));
    return (value) => typeof value === 'string' && names.has(value);
  }
  return never;
}

/**
 * Whether a payload is already what the codec would make of it: every field there, of its type, as it is written. Then neither
 * reading nor writing need parse it into a message and print that again, which costs a rebuild more than everything else. False says
 * nothing: it is left to the codec.
 */
export function isCanonical(type: EventType, payload: JsonObject): boolean {
  return messageCheck(eventSchemas[type])(payload);
}
