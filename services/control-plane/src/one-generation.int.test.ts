import { randomUUID } from 'node:crypto';
import { toPublicId } from '@darkroom/platform';
import { sampleEvent } from '@darkroom/read-models/testing';
import { ControlPlaneUnderTest, envelope, problemOf } from './testing/control-plane-under-test.js';

let ops: ControlPlaneUnderTest;
beforeAll(async () => {
  ops = await ControlPlaneUnderTest.create();
});
afterAll(async () => {
  await ops.drop();
});

describe('shows one generation', () => {
  it('with its evidence cut, its secrets gone, and why it waits', async () => {
    const { id } = await ops.unknown();
    const response = await ops.call(`/ops/v1/generations/${id}`);
    const text = await response.text();
    expect(text).not.toMatch(/hush|staging\/|promptSalt/);
    const { data } = envelope.parse(JSON.parse(text));
    expect(data).toMatchObject({
      state: 'unresolved',
      status: 'processing',
      status_reason: { code: 'needs_attention' },
      decision_version: 3,
      tenant: 'acme',
      needs_person: true,
      prompt: 'a red bicycle in the rain',
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      attempts: [{ vendor_request_ids: ['req-of-the-vendor'] }],
    });
    expect(data.attempts[0]).toMatchObject({
      status: 'unknown',
      needs_person: true,
      unknown_cause: 'reply_lost',
      charge: 'possible',
      evidence: [{ response_status: 504, response_body: '{"detail":"see https://vendor.example/jobs?…"}' }],
    });
    expect(data.events.map((event) => event.type)).toEqual([
      'GenerationRequested',
      'SubmissionStarted',
      'SubmissionOutcomeUnknown',
    ]);
    expect(data.events[0]?.data).not.toHaveProperty('prompt');
  });

  it('with what the same bytes sent again were answered with', async () => {
    const { id } = await ops.generation(
      sampleEvent('SubmissionStarted'),
      sampleEvent('SubmissionOutcomeUnknown', { settleUntil: '2026-01-01T00:00:00Z' }),
      sampleEvent('SubmissionRepeated'),
      sampleEvent('SubmissionOutcomeUnknown', {
        cause: 'UNKNOWN_CAUSE_KEY_USED',
        settleUntil: '2026-01-01T00:00:00Z',
        evidence: {
          request: 'POST https://vendor.example/jobs',
          error: '',
          stagingKey: '',
          observedAt: '2026-01-01T00:00:00Z',
          requestId: 'req-of-the-repeat',
          responseStatus: 422,
          responseBody: '{"error":{"code":"idempotency_key_reuse","token":"hush"}}',
        },
      }),
    );
    const { attempts } = await ops.look(id);
    expect(attempts[0]).toMatchObject({
      needs_person: true,
      unknown_cause: 'key_used',
      vendor_request_ids: ['req-of-the-vendor', 'req-of-the-repeat'],
      evidence: [
        { response_status: 504 },
        {
          response_status: 422,
          response_body: '{"error":{"code":"idempotency_key_reuse","token":"…"}}',
        },
      ],
    });
  });

  it('and nothing that an event does not say', async () => {
    const { id } = await ops.generation(
      sampleEvent('SubmissionStarted'),
      sampleEvent('SubmissionAccepted'),
      sampleEvent('AttemptFailed', {
        vendorCode: '',
        vendorMessage: '',
        cost: { currency: '', micros: '0' },
      }),
    );
    const { data } = (await ops.look(id)).events.at(-1) ?? { data: {} };
    expect(data).toMatchObject({ vendorCode: null, vendorMessage: null, cost: null });
    expect(JSON.stringify((await ops.look(id)).events)).not.toMatch(/_UNSPECIFIED|:""/);
  });

  it('and what can be done now, at which price', async () => {
    const { can } = await ops.look((await ops.unknown()).id);
    const of = (action: string, details: object) =>
      can.find((one) => one.action === action && JSON.stringify(one.with) === JSON.stringify(details));
    expect(of('cancel', {})).toMatchObject({ allowed: true, may_cost: null });
    expect(of('retry', {})).toMatchObject({
      allowed: false,
      refusal: 'resolve_first',
      refusal_message: 'The outcome of an attempt is unknown: resolve it first.',
    });
    expect(can.every((one) => one.allowed === (one.refusal_message === null))).toBe(true);
    expect(of('resolve', { attempt: 1, outcome: 'found' })).toMatchObject({
      allowed: true,
      may_cost: null,
    });
    expect(of('resolve', { attempt: 1, outcome: 'not_there' })).toMatchObject({
      allowed: true,
      may_cost: { currency: 'USD', micros: '40000' },
    });
    expect(of('resolve', { attempt: 1, outcome: 'given_up', accept_double_charge: true })).toMatchObject({
      allowed: true,
      may_cost: { currency: 'USD', micros: '40000' },
    });
    const charged = await ops.look((await ops.failed()).id);
    expect(charged.can.find((one) => one.action === 'retry')).toMatchObject({ allowed: true });
    expect(charged.can.find((one) => one.action === 'extend')).toMatchObject({
      allowed: false,
      refusal: 'already_final',
    });
  });

  it('the same way when it is missing, malformed or of another kind', async () => {
    for (const id of [
      toPublicId('gen', randomUUID()),
      'gen_1',
      toPublicId('art', randomUUID()),
      randomUUID(),
    ]) {
      const response = await ops.call(`/ops/v1/generations/${id}`);
      expect([response.status, (await problemOf(response)).code]).toEqual([404, 'not_found']);
    }
  });
});
