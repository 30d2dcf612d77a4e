import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import { spanAttributes, spanNames } from './names.js';
import { SpansPerGeneration } from './spans-per-generation.js';

const asks = (
  sampler: SpansPerGeneration,
  name: string,
  generation?: string,
  parent = ROOT_CONTEXT,
): boolean =>
  sampler.shouldSample(
    parent,
    'a'.repeat(32),
    name,
    SpanKind.INTERNAL,
    generation === undefined ? {} : { [spanAttributes.generation]: generation },
    [],
  ).decision === SamplingDecision.RECORD_AND_SAMPLED;
const count = (times: number, ask: () => boolean): number =>
  Array.from({ length: times }, ask).filter(Boolean).length;
const above = (isRemote: boolean) =>
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    traceFlags: 0,
    isRemote,
  });

describe('the spans of one generation', () => {
  it('are at most 59 with all services in one process, the last of them kept for what tells how it went', () => {
    const sampler = new SpansPerGeneration('darkroom');
    expect(count(200, () => asks(sampler, spanNames.pollVendor, 'g'))).toBe(50);
    expect(count(200, () => asks(sampler, spanNames.attempt, 'g'))).toBe(9);
    expect(asks(sampler, spanNames.pollVendor, 'another')).toBe(true);
  });

  it('are no more over all services in processes of their own', () => {
    const made = ['intake', 'provider-gateway', 'artifact', 'projections', 'relay'].map((service) => {
      const sampler = new SpansPerGeneration(service);
      return count(200, () => asks(sampler, spanNames.attempt, 'g'));
    });
    expect(made.reduce((sum, spans) => sum + spans, 0)).toBe(59);
  });

  it('do not bound what belongs to none, and the memory of them is bounded', () => {
    const sampler = new SpansPerGeneration('darkroom');
    expect(count(200, () => asks(sampler, spanNames.append))).toBe(200);
    for (let n = 0; n < 60; n += 1) asks(sampler, spanNames.attempt, 'first');
    for (let n = 0; n < 10_000; n += 1) asks(sampler, spanNames.attempt, `g${n}`);
    expect(asks(sampler, spanNames.attempt, 'first')).toBe(true);
  });

  it('hang below none that was left out, and follow no flag of a caller', () => {
    const sampler = new SpansPerGeneration('darkroom');
    expect(asks(sampler, spanNames.append, 'g', above(false))).toBe(false);
    expect(asks(sampler, spanNames.append, 'g', above(true))).toBe(true);
  });
});
