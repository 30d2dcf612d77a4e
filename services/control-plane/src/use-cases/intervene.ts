import { attemptOf, decide, type RefusalReason } from '@darkroom/domain';
import { eventId, type EventStore, type NewEvent, type RecordedEvent } from '@darkroom/event-store';
import { linkActiveSpan } from '@darkroom/platform';
import { foldDetail, type GenerationDetail } from '@darkroom/read-models';
import { type AuditEntry, insertAudit } from '../audit/audit-log.js';
import type { Operator } from '../auth/operator-keys.js';
import type { Intervention } from '../http/schemas.js';
import { toCommand } from '../policy/to-command.js';

/** What intervening needs. */
export interface IntervenePorts {
  readonly store: Pick<EventStore, 'readStream' | 'append'>;
  readonly now: () => number;
  readonly newId: () => string;
  /** Whether another generation has this job. */
  readonly isJobOfAnother: (job: {
    readonly account: string;
    readonly vendorJobId: string;
    readonly generation: string;
  }) => Promise<boolean>;
}

export interface InterventionRequest {
  /** UUID. */
  readonly generation: string;
  readonly operator: Operator;
  readonly intervention: Intervention;
  readonly traceparent: string;
}

export type InterventionResult =
  | { readonly outcome: 'done'; readonly detail: GenerationDetail; readonly events: readonly RecordedEvent[] }
  | { readonly outcome: 'not-found' }
  /** Somebody or something decided since the operator looked. */
  | { readonly outcome: 'stale'; readonly decisionVersion: number }
  | { readonly outcome: 'refused'; readonly reason: RefusalReason; readonly detail: GenerationDetail };

/** Each lost race is an event that changes no decision, such as progress: so many in a row are something else. */
const mostRaces = 20;

/**
 * One intervention: load, decide, append with the exact version, its audit entry in the same transaction. What came between
 * and changes no decision is decided upon again; what changes it makes the operator look again.
 */
export async function intervene(
  ports: IntervenePorts,
  request: InterventionRequest,
): Promise<InterventionResult> {
  const { generation, intervention } = request;
  const id = ports.newId();
  for (let race = 0; race < mostRaces; race += 1) {
    const stored = await ports.store.readStream(generation);
    const detail = foldDetail(undefined, stored);
    if (!detail) return { outcome: 'not-found' };
    const { state } = detail;
    if (state.decisionVersion !== intervention.expected_version)
      return { outcome: 'stale', decisionVersion: state.decisionVersion };
    const decision = decide(toCommand(intervention, ports.now()), state);
    if (decision.kind === 'refused') return { outcome: 'refused', reason: decision.reason, detail };
    if (await namesJobOfAnother(ports, request, detail))
      return { outcome: 'refused', reason: 'job_id_taken', detail };

    const events = decision.events.map((event, index): NewEvent => ({
      id: eventId('intervention', id, index),
      ...event,
    }));
    const entry = auditEntry(id, request, detail, events);
    const { outcome } = await ports.store.append({
      stream: generation,
      expected: detail.version,
      events,
      metadata: {
        tenant: detail.tenant,
        actor: `operator:${request.operator.keyId}`,
        causationId: id,
        traceparent: request.traceparent,
      },
      by: 'control-plane',
      with: { postgres: (tx) => insertAudit(tx, entry) },
    });
    if (outcome === 'appended' || outcome === 'already-appended') {
      // What a person orders is a trace of its own.
      linkActiveSpan(detail.traceparent);
      return afterwards(ports, generation);
    }
    if (outcome !== 'conflict') throw new Error(`an intervention's append was ${outcome}`);
  }
  throw new Error(`${mostRaces} appends in a row lost their race`);
}

/** A job has one owner: the images of one request must never answer another. */
async function namesJobOfAnother(
  ports: IntervenePorts,
  { generation, intervention }: InterventionRequest,
  { state }: GenerationDetail,
): Promise<boolean> {
  if (intervention.action !== 'resolve' && intervention.action !== 'adopt') return false;
  const { job_id: vendorJobId } = intervention;
  const account = attemptOf(state, intervention.attempt)?.account;
  if (vendorJobId === undefined || account === undefined) return false;
  return ports.isJobOfAnother({ account, vendorJobId, generation });
}

async function afterwards(ports: IntervenePorts, generation: string): Promise<InterventionResult> {
  const events = await ports.store.readStream(generation);
  const detail = foldDetail(undefined, events);
  return detail ? { outcome: 'done', detail, events } : { outcome: 'not-found' };
}

function auditEntry(
  id: string,
  request: InterventionRequest,
  { version, state }: GenerationDetail,
  events: readonly NewEvent[],
): AuditEntry {
  const { action, reason, ...asked } = request.intervention;
  return {
    id,
    operator: request.operator.keyId,
    action,
    generation: request.generation,
    reason,
    request: asked,
    before: { version, decision_version: state.decisionVersion, state: state.phase },
    after: {
      version: version + events.length,
      events: events.map((event) => ({ id: event.id, type: event.type })),
    },
  };
}
