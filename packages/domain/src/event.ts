import type { GenerationEventData, GenerationEventType } from '@darkroom/contract';

/** An event of a generation's stream, as it is decided: type and payload. */
export type GenerationEvent = {
  [T in GenerationEventType]: { readonly type: T; readonly data: GenerationEventData[T] };
}[GenerationEventType];

/** One type of event. */
export type EventOf<T extends GenerationEventType> = Extract<GenerationEvent, { readonly type: T }>;

/** An event with its place in the stream, as it is folded. */
export type PlacedEvent = GenerationEvent & {
  /** From 1. */
  readonly version: number;
  /** When it was recorded: milliseconds since the epoch. */
  readonly at: number;
};
