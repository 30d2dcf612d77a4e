import {
  decodeEvent,
  encodeEvent,
  eventSchemas,
  generationEventTypes,
  providerEventTypes,
  tenantView,
} from './index.js';

const produced = {
  run: 1,
  attempt: 1,
  outputs: [{ index: 0, sha256: '', bytes: '12', mediaType: 'image/png' }],
  links: [{ index: 0, url: 'http://vendor/x', stagingKey: '' }],
  charge: 'CHARGE_CERTAIN' as const,
  cost: { micros: '40000', currency: 'USD' },
};

describe('event codec', () => {
  it('keeps secret fields apart from the rest and joins them again', () => {
    const split = encodeEvent('OutputsProduced', produced);
    expect(JSON.stringify(split.data)).not.toContain('vendor');
    expect(split.personal).toEqual({ links: [{ index: 0, url: 'http://vendor/x', stagingKey: '' }] });
    expect(decodeEvent(split.type, split.schemaVersion, split.data, split.personal).data).toEqual(produced);
  });

  it('reads an erased event without its personal fields', () => {
    const split = encodeEvent('OutputsProduced', produced);
    expect(decodeEvent(split.type, split.schemaVersion, split.data, null).data).toMatchObject({ links: [] });
  });

  it('refuses unknown fields and missing required messages when writing', () => {
    expect(() => encodeEvent('OutputsProduced', { ...produced, surprise: 1 } as never)).toThrow(
      'does not fit the contract',
    );
    const { cost: _cost, ...without } = produced;
    expect(() => encodeEvent('OutputsProduced', without as never)).toThrow('OutputsProduced.cost is missing');
  });

  it('drops fields of a newer writer when reading', () => {
    const split = encodeEvent('OutputsProduced', produced);
    expect(
      decodeEvent(split.type, split.schemaVersion, { ...split.data, fromTheFuture: true }, null).data,
    ).not.toHaveProperty('fromTheFuture');
  });

  it('shows a tenant the allow-listed fields alone', () => {
    const split = encodeEvent('OutputsProduced', produced);
    expect(tenantView('OutputsProduced', split.data)).toEqual({ run: 1, attempt: 1 });
    expect(tenantView('PaidOrphanRecorded', {})).toBeNull();
    const unnamed = { run: 1, cost: { micros: '0', currency: '' } };
    expect(tenantView('GenerationCompleted', unnamed)).toEqual({ run: 1 });
    const named = { run: 1, cost: { micros: '7', currency: 'USD' } };
    expect(tenantView('GenerationCompleted', named)).toEqual(named);
  });

  it('knows every message of the contract files, and no other', () => {
    const listed = [...generationEventTypes, ...providerEventTypes];
    const declared = [eventSchemas.GenerationRequested.file, eventSchemas.ProviderAccountPaused.file].flatMap(
      (file) => file.messages.map((message) => message.name),
    );
    expect(listed).toEqual(declared);
  });

  it('agrees with the descriptors on which message fields may be absent', () => {
    const optional = new Set<string>();
    for (const schema of Object.values(eventSchemas)) {
      for (const field of schema.fields) {
        if (field.fieldKind === 'message' && field.proto.proto3Optional) optional.add(field.jsonName);
      }
    }
    // expiresAt belongs to OutputLink, a nested message.
    expect([...optional].sort()).toEqual(['evidence', 'link', 'retryAt']);
  });
});
