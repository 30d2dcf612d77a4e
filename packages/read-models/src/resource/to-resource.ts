import { billOf, currentAttempt, type GenerationState, isNamed, type Money } from '@darkroom/domain';
import { toPublicId, traceIdOf } from '@darkroom/platform';
import type { GenerationDetail } from '../detail/detail.js';
import { type IndexedArtifact, storedArtifacts } from '../detail/stored-artifacts.js';
import type {
  ArtifactResource,
  ErrorResource,
  GenerationResource,
  LinkSigner,
} from './generation-resource.js';
import { statusOf } from './status-of.js';
import { statusReason } from './status-reason.js';
import { chargeWord, errorCodeWord, formatWord } from './words.js';

/** What the resource depends on beside the generation. */
export interface ResourceContext {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly links: LinkSigner;
  /** Where a trace is looked at; null where nobody said. */
  readonly traceUrl?: (traceId: string) => string | null;
  /** How long a model (`<provider>/<model>`) usually takes; null where nobody knows. */
  readonly usualSeconds?: (model: string) => { readonly p50: number; readonly p95: number } | null;
}

const time = (at: number): string => new Date(at).toISOString();

/** One generation as clients get it. */
export function toResource(detail: GenerationDetail, context: ResourceContext): GenerationResource {
  const { state } = detail;
  const { requested } = state;
  const id = toPublicId('gen', detail.id);
  const self = `/v1/generations/${id}`;
  const traceId = traceIdOf(detail.traceparent) ?? null;
  return {
    id,
    run: state.run,
    version: detail.version,
    status: statusOf(state.phase),
    status_reason: statusReason(state, context.now),
    prompt: detail.prompt,
    model: requested.model,
    requested: {
      size: `${requested.width}x${requested.height}`,
      count: requested.count,
      seed: requested.seed,
      output_format: formatWord(requested.outputFormat),
    },
    progress: progress(state, context),
    attempts: state.attempts.length,
    created_at: time(state.createdAt),
    updated_at: time(state.updatedAt),
    finished_at: state.finishedAt === null ? null : time(state.finishedAt),
    artifacts: (detail.erased ? [] : storedArtifacts(state)).map((stored) =>
      toArtifactResource(stored, context.links),
    ),
    error: errorOf(state),
    charge: state.charge === null ? null : chargeWord(state.charge),
    cost: cost(state),
    metadata: detail.metadata,
    trace_id: traceId,
    links: {
      self,
      events: `${self}/events`,
      cancel: `${self}/cancel`,
      trace: (traceId === null ? null : context.traceUrl?.(traceId)) ?? null,
    },
  };
}

/** One verified image as clients get it. */
export function toArtifactResource(
  { index, artifact }: IndexedArtifact,
  links: LinkSigner,
): ArtifactResource {
  const id = toPublicId('art', artifact.id);
  return {
    id,
    index,
    media_type: artifact.mediaType,
    width: artifact.width,
    height: artifact.height,
    bytes: Number(artifact.bytes),
    sha256: artifact.sha256,
    placeholder: artifact.placeholder === '' ? null : artifact.placeholder,
    content_url: links.contentUrl(id),
    thumbnail_url: artifact.thumbnailKey === '' ? null : links.thumbnailUrl(id),
  };
}

/** What the vendor says of the work that is under way; a run that waits or has ended has none. */
function progress(state: GenerationState, { usualSeconds }: ResourceContext): GenerationResource['progress'] {
  const attempt = state.phase === 'processing' ? currentAttempt(state) : undefined;
  const model = currentAttempt(state)?.model ?? state.requested.route[0];
  return {
    percent: attempt?.percent ?? null,
    queue_position: attempt?.queuePosition ?? null,
    usual_seconds: (model === undefined ? null : usualSeconds?.(model)) ?? null,
  };
}

function errorOf(state: GenerationState): ErrorResource | null {
  if (state.phase !== 'failed' || state.error === null) return null;
  const { code, message, retryable } = state.error;
  return {
    code: errorCodeWord(code),
    message,
    retryable,
    charge: chargeWord(state.charge ?? 'CHARGE_POSSIBLE'),
  };
}

/** What was expected, and once the run has ended what the vendors named for all attempts; null where nobody named anything. */
function cost(state: GenerationState): GenerationResource['cost'] {
  const billed = billOf(state.attempts);
  const actual: Money | null = state.finishedAt !== null && isNamed(billed) ? billed : null;
  const estimated = isNamed(state.estimatedCost) ? state.estimatedCost : null;
  return {
    currency: estimated?.currency ?? actual?.currency ?? null,
    estimated_micros: estimated?.micros ?? null,
    actual_micros: actual?.micros ?? null,
  };
}
