import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import {
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  ScalarType,
} from '@bufbuild/protobuf';
import { decodeEvent, encodeEvent, schemaVersionOf } from './codec.js';
import { type EventData, eventSchemas, type EventType, isEventType } from './event-shape.js';

/**
 * One stored event of each type in each version that was ever written, and how it is read today. `stored` is never changed;
 * DARKROOM_WRITE_GOLDEN=1 adds what is missing, and writes `reads` anew, so that a change shows in review.
 */
const folder = new URL('../fixtures/', import.meta.url);
const isWriting = process.env['DARKROOM_WRITE_GOLDEN'] === '1';

interface Fixture {
  readonly stored: { readonly data: JsonObject; readonly personal: JsonObject | null };
  readonly reads: unknown;
  readonly readsErased?: unknown;
}

const types = Object.keys(eventSchemas).filter(isEventType);
const versions = types.flatMap((type) =>
  Array.from({ length: schemaVersionOf(type) }, (_, n): [EventType, number] => [type, n + 1]),
);
const fileOf = (type: EventType, version: number): URL => new URL(`${type}.v${version}.json`, folder);

/** A payload with every field filled. */
function filled(message: DescMessage): JsonObject {
  if (message.typeName === 'google.protobuf.Timestamp') throw new TypeError('a timestamp is no object');
  return Object.fromEntries(message.fields.map((field) => [field.jsonName, valueOf(field)]));
}

function valueOf(field: DescField): JsonValue {
  switch (field.fieldKind) {
    case 'scalar':
      return scalarOf(field);
    case 'enum':
      return field.enum.values.at(-1)?.name ?? '';
    case 'message':
      return messageOf(field.message);
    case 'list': {
      const { listKind } = field;
      if (listKind === 'message') return [messageOf(field.message)];
      return [listKind === 'enum' ? (field.enum.values.at(-1)?.name ?? '') : field.jsonName];
    }
    case 'map':
      return { key: 'value' };
  }
}

const messageOf = (message: DescMessage): JsonValue =>
  message.typeName === 'google.protobuf.Timestamp' ? '2026-11-24T10:00:00.123Z' : filled(message);

function scalarOf(field: DescField & { fieldKind: 'scalar' }): JsonValue {
  switch (field.scalar) {
    case ScalarType.STRING:
      return `the ${field.jsonName}`;
    case ScalarType.BOOL:
      return true;
    case ScalarType.INT64:
    case ScalarType.UINT64:
      return '7000000000';
    default:
      return 7;
  }
}

function write(type: EventType, version: number): void {
  const file = fileOf(type, version);
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Fixture) : undefined;
  const stored = before?.stored ?? freshOf(type);
  const fixture: Fixture = {
    stored,
    reads: decodeEvent(type, version, stored.data, stored.personal).data,
    ...(stored.personal === null ? {} : { readsErased: decodeEvent(type, version, stored.data, {}).data }),
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${JSON.stringify(fixture, null, 2)}\n`);
}

function freshOf(type: EventType): Fixture['stored'] {
  // Filled by its own descriptor: encodeEvent checks it as strictly as what a service writes.
  const { data, personal } = encodeEvent(type, filled(eventSchemas[type]) as unknown as EventData[EventType]);
  return { data, personal };
}

describe('stored events of every version are still read', () => {
  if (isWriting) for (const [type, version] of versions) write(type, version);

  it.each(versions)('%s, version %i', (type, version) => {
    const { stored, reads, readsErased } = JSON.parse(readFileSync(fileOf(type, version), 'utf8')) as Fixture;
    expect(decodeEvent(type, version, stored.data, stored.personal).data).toEqual(reads);
    if (stored.personal === null) return;
    const erased = decodeEvent(type, version, stored.data, {}).data;
    expect(erased).toEqual(readsErased);
    const secrets = JSON.stringify(Object.values(stored.personal)).match(/the [a-zA-Z]+/g) ?? [];
    expect(secrets.filter((secret) => JSON.stringify(erased).includes(`"${secret}"`))).toEqual(
      secrets.filter((secret) => JSON.stringify(stored.data).includes(`"${secret}"`)),
    );
  });

  it('there is a fixture for each, and none for what nobody knows', () => {
    expect(readdirSync(folder).toSorted()).toEqual(
      versions.map(([type, version]) => `${type}.v${version}.json`).toSorted(),
    );
  });
});
