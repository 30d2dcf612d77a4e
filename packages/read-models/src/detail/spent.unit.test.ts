import { randomUUID } from 'node:crypto';
import { mayAppend } from '@darkroom/domain';
import { createMemoryEventStore, type NewEvent } from '@darkroom/event-store';
import { sampleEvent } from '../testing/index.js';
import { foldDetail } from './fold-detail.js';
import { spentMicros } from './spent.js';

/** What a generation with this history costs its tenant. */
async function spent(...events: NewEvent[]): Promise<bigint> {
  const store = createMemoryEventStore({ mayAppend });
  const stream = randomUUID();
  for (const event of [sampleEvent('GenerationRequested'), ...events])
    await store.append({
      stream,
      expected: 'any',
      events: [event],
      metadata: { tenant: 'acme', actor: 'test' },
      by: mayAppend[event.type][0],
    });
  const detail = foldDetail(undefined, await store.readStream(stream));
  if (detail === undefined) throw new Error('nothing was folded');
  return spentMicros(detail.state);
}

const cost = { micros: '55000', currency: 'USD' };
const started = sampleEvent('SubmissionStarted');
const accepted = sampleEvent('SubmissionAccepted', { cost });
const refused = sampleEvent('AttemptFailed', {
  end: 'ATTEMPT_END_REFUSED',
  charge: 'CHARGE_NONE',
  cost: { micros: '0', currency: '' },
});

it.each<[string, NewEvent[], bigint]>([
  ['what was asked for is reserved', [], 40_000n],
  ['what is on its way may cost', [started], 40_000n],
  ['what the vendor named counts', [started, accepted], 55_000n],
  ['what was refused for nothing is reserved for the next try', [started, refused], 40_000n],
  [
    'what ended for nothing costs nothing',
    [started, refused, sampleEvent('GenerationFailed', { charge: 'CHARGE_NONE' })],
    0n,
  ],
  [
    'what nobody knows of may have cost',
    [started, sampleEvent('SubmissionOutcomeUnknown', { settleUntil: '2026-01-01T00:00:00Z' })],
    40_000n,
  ],
  [
    'what was paid for beside it counts too',
    [started, accepted, sampleEvent('PaidOrphanRecorded', { vendorJobId: 'another', cost })],
    2n * 55_000n,
  ],
  [
    'another currency cannot be added: the estimate stands',
    [started, sampleEvent('SubmissionAccepted', { cost: { micros: '9', currency: 'EUR' } })],
    40_000n,
  ],
])('%s', async (_, events, micros) => {
  expect(await spent(...events)).toBe(micros);
});
