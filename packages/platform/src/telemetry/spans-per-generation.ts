import {
  type Attributes,
  type Context,
  type Link,
  type SpanKind,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import { type Sampler, SamplingDecision, type SamplingResult } from '@opentelemetry/sdk-trace';
import { spanAttributes, spanNames } from './names.js';

/** Spans of one generation at most, over all services together: 60 with that of its request, which comes before it has a name. */
const mostSpans = 59;

/** What of that each process may make; where all services are one process, it may make all. */
const shares: Readonly<Record<string, number>> = {
  intake: 3,
  'provider-gateway': 14,
  artifact: 22,
  projections: 10,
  relay: 10,
};

/** Tell how it went as a whole: the last sixth of a share is kept for them. */
const alwaysWanted: ReadonlySet<string> = new Set([
  spanNames.attempt,
  spanNames.queueWait,
  spanNames.submit,
  spanNames.settle,
  spanNames.storing,
  spanNames.process('GenerationCompleted'),
  spanNames.process('GenerationFailed'),
  spanNames.process('GenerationCanceled'),
]);

const mostRemembered = 10_000;

/**
 * Records everything, whatever the caller's `sampled` flag says: callers are strangers. But of one generation no more than its
 * share, so that one that is tried for days does not become a trace that no viewer opens.
 */
export class SpansPerGeneration implements Sampler {
  private readonly made = new Map<string, number>();
  private readonly most: number;

  constructor(service: string) {
    this.most = shares[service] ?? mostSpans;
  }

  shouldSample(
    parent: Context,
    _traceId: string,
    name: string,
    _kind: SpanKind,
    attributes: Attributes,
    _links: Link[],
  ): SamplingResult {
    const above = trace.getSpanContext(parent);
    // Below a span of ours that was left out nothing is recorded: it would hang in the air.
    const isLeftOut =
      above !== undefined && above.isRemote !== true && (above.traceFlags & TraceFlags.SAMPLED) === 0;
    const generation = attributes[spanAttributes.generation];
    const isOver = typeof generation === 'string' && !this.hasRoom(generation, name);
    return {
      decision: isLeftOut || isOver ? SamplingDecision.NOT_RECORD : SamplingDecision.RECORD_AND_SAMPLED,
    };
  }

  toString(): string {
    return `SpansPerGeneration(${this.most})`;
  }

  /** The least recently seen are forgotten first: a Map keeps the order of insertion. */
  private hasRoom(generation: string, name: string): boolean {
    const made = this.made.get(generation) ?? 0;
    const most = alwaysWanted.has(name) ? this.most : this.most - Math.floor(this.most / 6);
    const hasRoom = made < most;
    this.made.delete(generation);
    this.made.set(generation, hasRoom ? made + 1 : made);
    if (this.made.size > mostRemembered) {
      const [oldest] = this.made.keys();
      if (oldest !== undefined) this.made.delete(oldest);
    }
    return hasRoom;
  }
}
