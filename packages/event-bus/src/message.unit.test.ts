import { eventSchemas, fieldsApart, isEventType } from '@darkroom/contract';
import { origin, type RecordedEvent } from '@darkroom/event-store';
import { toBusMessage, untravelledFields } from './message.js';

describe('bus message', () => {
  it('leaves out, in its type as in its value, exactly what the contract stores apart', () => {
    const apart = new Set(
      Object.keys(eventSchemas).flatMap((type) => (isEventType(type) ? fieldsApart(type) : [])),
    );
    expect([...apart].sort()).toEqual([...untravelledFields].sort());
  });

  it('carries no prompt and no link', () => {
    const event: RecordedEvent = {
      type: 'OutputsProduced',
      data: {
        run: 1,
        attempt: 1,
        outputs: [],
        links: [
          { index: 0, url: 'https://vendor.test/secret', stagingKey: '', expiresAt: '2026-11-24T10:00:00Z' },
        ],
        charge: 'CHARGE_CERTAIN',
        cost: { micros: '1', currency: 'USD' },
      },
      id: '0190f5b2-7c1e-7a3b-8c4d-0123456789ab',
      stream: '0190f5b2-7c1e-7a3b-8c4d-0123456789ac',
      version: 3,
      schemaVersion: 1,
      metadata: { tenant: 'acme', actor: 'service:provider-gateway', traceparent: '00-x' },
      recordedAt: new Date(0),
      erased: false,
      cursor: origin,
    };
    const message = toBusMessage(event);
    expect(JSON.stringify(message)).not.toContain('secret');
    expect(message).toMatchObject({ version: 3, stream: event.stream, metadata: { traceparent: '00-x' } });
  });
});
