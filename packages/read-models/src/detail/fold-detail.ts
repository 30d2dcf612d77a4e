import { generationEventTypes, type GenerationEventType } from '@darkroom/contract';
import { evolve, IllegalTransition } from '@darkroom/domain';
import { EventStoreError, type RecordedEvent } from '@darkroom/event-store';
import type { GenerationDetail } from './detail.js';

const ofGenerations = new Set<string>(generationEventTypes);

/** A stored event of a generation's stream. */
type GenerationRecord = Extract<RecordedEvent, { readonly type: GenerationEventType }>;

function isGenerationRecord(event: RecordedEvent): event is GenerationRecord {
  return ofGenerations.has(event.type);
}

/**
 * Folds a stream's events, all of it or those after `from`, into what readers get. Undefined: no events.
 * @throws IllegalTransition where the log holds what the table of transitions does not allow.
 */
export function foldDetail(
  from: GenerationDetail | undefined,
  events: readonly RecordedEvent[],
): GenerationDetail | undefined {
  let detail = from;
  for (const event of events) {
    if (isGenerationRecord(event)) detail = next(detail, event);
  }
  return detail;
}

function next(detail: GenerationDetail | undefined, event: GenerationRecord): GenerationDetail {
  const { version } = event;
  const state = evolve(detail?.state, { ...event, version, at: event.recordedAt.getTime() });
  const { prompt, metadata, erased, traceparent } = beside(detail, event);
  return {
    id: event.stream,
    tenant: detail?.tenant ?? event.metadata.tenant,
    version,
    state,
    prompt,
    metadata,
    erased,
    traceparent,
  };
}

type BesideTheFold = Pick<GenerationDetail, 'prompt' | 'metadata' | 'erased' | 'traceparent'>;

function beside(detail: GenerationDetail | undefined, event: GenerationRecord): BesideTheFold {
  if (event.type === 'GenerationRequested') {
    return {
      prompt: event.data.prompt ?? null,
      metadata: event.data.metadata,
      erased: event.erased,
      traceparent: event.metadata.traceparent ?? null,
    };
  }
  const before = detail ?? { prompt: null, metadata: {}, erased: false, traceparent: null };
  // The event is the word that counts: the store's own columns may be emptied a moment later.
  return event.type === 'PersonalDataErased' ? { ...before, prompt: null, erased: true } : before;
}

/** The log holds what no fold allows, or what this program cannot read: trying again changes nothing. */
export const isUnfoldable = (error: unknown): boolean =>
  error instanceof IllegalTransition ||
  (error instanceof EventStoreError && error.code === 'unreadable_event');
