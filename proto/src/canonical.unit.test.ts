import { create, fromJson, type JsonObject, type JsonValue, toJson } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { isCanonical } from './canonical.js';
import { eventSchemas, type EventType, isEventType } from './event-shape.js';

const types = Object.keys(eventSchemas).filter(isEventType);

/** What the codec makes of a payload, slowly; undefined where it refuses it. */
function normal(type: EventType, payload: JsonObject): JsonValue | undefined {
  try {
    const schema = eventSchemas[type];
    return toJson(schema, fromJson(schema, payload, { ignoreUnknownFields: true }), {
      alwaysEmitImplicit: true,
    });
  } catch {
    return undefined;
  }
}

describe('canonical payloads', () => {
  // Limits are fractions, which are left to the codec.
  const withFractions: readonly string[] = ['ProviderAccountLimitsChanged', 'ProviderAccountRegistered'];
  it.each(types.filter((type) => !withFractions.includes(type)))(
    '%s: an empty one with its defaults is canonical',
    (type) => {
      const schema = eventSchemas[type];
      const empty = toJson(schema, create(schema), { alwaysEmitImplicit: true }) as JsonObject;
      expect(isCanonical(type, empty)).toBe(true);
    },
  );

  it('what is called canonical is what the codec makes of it, whatever was done to it', () => {
    const payloads = types.flatMap((type) => {
      const schema = eventSchemas[type];
      return [{ type, payload: toJson(schema, create(schema), { alwaysEmitImplicit: true }) as JsonObject }];
    });
    const odd: JsonValue[] = [
      null,
      1,
      -0,
      1.5,
      2 ** 40,
      '',
      '1',
      '01',
      '9223372036854775808',
      'NaN',
      true,
      [],
      {},
      [null],
      { micros: '1', currency: 'USD' },
      { micros: 1, currency: 'USD' },
      '2026-11-24T10:00:00Z',
      '2026-11-24T10:00:00.000Z',
      '2026-11-24T10:00:00.120Z',
      '2026-11-24T11:00:00+01:00',
      '+010000-01-01T00:00:00Z',
      '0000-01-01T00:00:00Z',
      '-000001-01-01T00:00:00Z',
      { '\ud800': 'a key' },
      { key: 'value' },
      'CHARGE_CERTAIN',
      '\ud800',
    ];
    let canonical = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...payloads),
        fc.array(fc.tuple(fc.nat(), fc.constantFrom(...odd)), { maxLength: 4 }),
        fc.boolean(),
        ({ type, payload }, changes, surprise) => {
          const names = eventSchemas[type].fields.map(({ jsonName }) => jsonName);
          const changed: JsonObject = { ...payload };
          for (const [n, value] of changes) {
            const name = names[n % names.length];
            if (name !== undefined) changed[name] = value;
          }
          if (surprise && changes.length > 3) changed['surprise'] = 1;
          if (!isCanonical(type, changed)) return;
          canonical += 1;
          expect(normal(type, changed)).toEqual(changed);
        },
      ),
      { numRuns: 20_000 },
    );
    expect(canonical).toBeGreaterThan(2_000);
  });
});
