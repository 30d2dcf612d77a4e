import { currentAttempt, openQuestions } from '@darkroom/domain';
import type { RecordedEvent } from '@darkroom/event-store';
import { toPublicId, traceIdOf } from '@darkroom/platform';
import {
  type ChargeWord,
  chargeWord,
  errorCodeWord,
  formatWord,
  type GenerationDetail,
  paidOrphans,
  statusOf,
  type StatusReason,
  statusReason,
} from '@darkroom/read-models';
import { type PossibleIntervention, whatCanBeDone } from '../policy/what-can-be-done.js';
import { attemptView, type FullAttemptView, needsPerson } from './attempt-view.js';
import { type EventView, eventView } from './event-view.js';
import { type OrphanView, orphanView } from './orphan-view.js';
import { money, type MoneyView, time, timeOrNull, word } from './words.js';

/** One generation as it stands in a search. */
export interface GenerationSummary {
  readonly id: string;
  readonly tenant: string;
  readonly state: string;
  readonly status: string;
  /** Why it waits. */
  readonly status_reason: StatusReason | null;
  readonly run: number;
  readonly version: number;
  /** What an intervention names as `expected_version`. */
  readonly decision_version: number;
  readonly model: string;
  readonly account: string | null;
  readonly attempts: number;
  readonly needs_person: boolean;
  readonly paid_orphans: number;
  readonly error_code: string | null;
  readonly charge: ChargeWord | null;
  readonly created_at: string;
  readonly updated_at: string;
  /** When it came into this state. */
  readonly state_since: string;
  readonly deadline: string;
  readonly trace_id: string | null;
  /** Where it is looked at. */
  readonly trace_url: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Everything that is known of one generation. */
export interface GenerationView extends Omit<GenerationSummary, 'attempts' | 'paid_orphans'> {
  readonly prompt: string | null;
  readonly erased: boolean;
  readonly route: readonly string[];
  readonly requested: {
    readonly size: string;
    readonly count: number;
    readonly min_count: number;
    readonly seed: number;
    readonly output_format: string;
    readonly deadline_seconds: number;
  };
  readonly finished_at: string | null;
  readonly retry_at: string | null;
  readonly retry_rule: string | null;
  readonly next_model: string | null;
  readonly cancel_asked: { readonly by: string; readonly at: string } | null;
  readonly failure_ordered: { readonly reason: string; readonly at: string } | null;
  readonly stalled_since: string | null;
  readonly estimated_cost: MoneyView | null;
  readonly error: { readonly code: string; readonly message: string; readonly retryable: boolean } | null;
  readonly attempts: readonly FullAttemptView[];
  readonly orphans: readonly OrphanView[];
  readonly outputs: readonly {
    readonly index: number;
    readonly status: string;
    readonly rejections: number;
    readonly last_rejection: string | null;
    readonly refreshes: number;
    readonly artifact: string | null;
  }[];
  readonly can: readonly PossibleIntervention[];
  readonly events: readonly EventView[];
}

/** What a view depends on beside the generation. */
export interface ViewContext {
  /** Epoch milliseconds. */
  readonly now: number;
  /** Where a trace is looked at; null where nobody said. */
  readonly traceUrl: (traceId: string) => string | null;
}

/** One line of a search. */
export function generationSummary(
  detail: GenerationDetail,
  { now, traceUrl }: ViewContext,
): GenerationSummary {
  const { state } = detail;
  const traceId = traceIdOf(detail.traceparent) ?? null;
  return {
    id: toPublicId('gen', detail.id),
    tenant: detail.tenant,
    state: state.phase,
    status: statusOf(state.phase),
    status_reason: statusReason(state, now),
    run: state.run,
    version: detail.version,
    decision_version: state.decisionVersion,
    model: state.requested.model,
    account: (currentAttempt(state) ?? state.attempts.at(-1))?.account ?? null,
    attempts: state.attempts.length,
    needs_person: openQuestions(state).some((attempt) => needsPerson(attempt, now)),
    paid_orphans: paidOrphans(state).length,
    error_code: state.error === null ? null : errorCodeWord(state.error.code),
    charge: state.charge === null ? null : chargeWord(state.charge),
    created_at: time(state.createdAt),
    updated_at: time(state.updatedAt),
    state_since: time(state.phaseSince),
    deadline: time(state.deadline),
    trace_id: traceId,
    trace_url: traceId === null ? null : traceUrl(traceId),
    metadata: detail.metadata,
  };
}

/** Everything of one generation, and what can be done about it now. */
export function generationView(
  detail: GenerationDetail,
  events: readonly RecordedEvent[],
  context: ViewContext,
): GenerationView {
  const { now } = context;
  const { state } = detail;
  const { requested } = state;
  const { paid_orphans: _count, ...summary } = generationSummary(detail, context);
  return {
    ...summary,
    prompt: detail.prompt,
    erased: detail.erased,
    route: requested.route,
    requested: {
      size: `${requested.width}x${requested.height}`,
      count: requested.count,
      min_count: requested.minCount,
      seed: requested.seed,
      output_format: formatWord(requested.outputFormat),
      deadline_seconds: requested.deadlineSeconds,
    },
    finished_at: timeOrNull(state.finishedAt),
    retry_at: timeOrNull(state.retryAt),
    retry_rule: state.retryRule === '' ? null : state.retryRule,
    next_model: state.nextModel,
    cancel_asked: state.cancelAsked && {
      by: word(state.cancelAsked.by, 'REQUESTER'),
      at: time(state.cancelAsked.at),
    },
    failure_ordered: state.failAsked && { reason: state.failAsked.reason, at: time(state.failAsked.at) },
    stalled_since: state.stalled === null ? null : time(state.stalled.since),
    estimated_cost: money(state.estimatedCost),
    error: state.error && { ...state.error, code: errorCodeWord(state.error.code) },
    attempts: state.attempts.map((attempt) => attemptView(attempt, events, now)),
    orphans: state.orphans.map(orphanView),
    outputs: state.outputs.map((output) => ({
      index: output.index,
      status: output.status,
      rejections: output.rejections,
      last_rejection: output.lastRejection === null ? null : word(output.lastRejection, 'REJECTION_REASON'),
      refreshes: output.refreshes,
      artifact: output.artifact === null ? null : toPublicId('art', output.artifact.id),
    })),
    can: whatCanBeDone(state, now),
    events: events.map(eventView),
  };
}
