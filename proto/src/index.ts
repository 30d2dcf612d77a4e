export * from './codec.js';
export {
  type EventData,
  eventSchemas,
  type EventShape,
  type EventType,
  type GenerationEventData,
  generationEventTypes,
  type GenerationEventType,
  isEventType,
  type ProviderEventData,
  providerEventTypes,
  type ProviderEventType,
} from './event-shape.js';
export type {
  AttemptEndJson as AttemptEnd,
  ChargeJson as Charge,
  ErrorCodeJson as ErrorCode,
  FailureClassJson as FailureClass,
  OutputFormatJson as OutputFormat,
  RejectionReasonJson as RejectionReason,
  RequesterJson as Requester,
  ResolutionJson as Resolution,
  UnknownCauseJson as UnknownCause,
} from './gen/darkroom/generation/v1/types_pb.js';
export type { PauseCauseJson as PauseCause } from './gen/darkroom/provider/v1/events_pb.js';
