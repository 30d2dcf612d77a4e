import { generationEventTypes, type GenerationEventType } from '@darkroom/contract';
import { foldEvents, type GenerationState } from '@darkroom/domain';
import type { EventStore, RecordedEvent } from '@darkroom/event-store';

type GenerationRecord = Extract<RecordedEvent, { readonly type: GenerationEventType }>;

/** A generation with the events that it was folded from. */
export interface LoadedGeneration {
  readonly state: GenerationState;
  readonly events: readonly GenerationRecord[];
}

const types = new Set<string>(generationEventTypes);

/**
 * Reads and folds a stream. Undefined: no such stream.
 * @throws IllegalTransition where the log holds what the table of transitions does not allow.
 */
export async function loadGeneration(
  store: Pick<EventStore, 'readStream'>,
  generation: string,
): Promise<LoadedGeneration | undefined> {
  const recorded = await store.readStream(generation);
  const events = recorded.filter((event): event is GenerationRecord => types.has(event.type));
  const state = foldEvents(events.map((event) => ({ ...event, at: event.recordedAt.getTime() })));
  return state === undefined ? undefined : { state, events };
}
