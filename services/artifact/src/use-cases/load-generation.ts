import { generationEventTypes, type GenerationEventType } from '@darkroom/contract';
import { foldEvents, type GenerationState } from '@darkroom/domain';
import type { EventStore, RecordedEvent } from '@darkroom/event-store';

const ofGenerations = new Set<string>(generationEventTypes);

/** A stored event of a generation's stream, its links joined in. */
export type GenerationRecord = Extract<RecordedEvent, { readonly type: GenerationEventType }>;

const isGenerationRecord = (event: RecordedEvent): event is GenerationRecord => ofGenerations.has(event.type);

export interface LoadedGeneration {
  readonly state: GenerationState;
  readonly events: readonly GenerationRecord[];
}

/**
 * Reads and folds a stream. Undefined: there is none.
 * @throws IllegalTransition
 */
export async function loadGeneration(
  store: Pick<EventStore, 'readStream'>,
  generation: string,
): Promise<LoadedGeneration | undefined> {
  const events = (await store.readStream(generation)).filter(isGenerationRecord);
  const state = foldEvents(events.map((event) => ({ ...event, at: event.recordedAt.getTime() })));
  return state && { state, events };
}
