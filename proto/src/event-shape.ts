import type { Message } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import * as generation from './gen/darkroom/generation/v1/events_pb.js';
import * as provider from './gen/darkroom/provider/v1/events_pb.js';

/** Singular message fields that the contract marks `optional`; event-shape.unit.test.ts holds it against the descriptors. */
export type OptionalMessageField = 'retryAt' | 'evidence' | 'link' | 'expiresAt';

type Field<M, J> = M extends Timestamp
  ? Extract<J, string>
  : M extends readonly (infer MI)[]
    ? J extends readonly (infer JI)[]
      ? Field<MI, JI>[]
      : never
    : M extends Message
      ? EventShape<M, J>
      : J;

type Payload<M> = Exclude<keyof M, '$typeName' | '$unknown'>;

/** Keys that a stored event always has: singular scalars and messages that are not marked `optional`. */
type RequiredKey<M> = {
  [K in Payload<M>]: undefined extends M[K]
    ? Exclude<M[K], undefined> extends Message
      ? K extends OptionalMessageField
        ? never
        : K
      : never
    : K;
}[Payload<M>];

/**
 * Proto3 JSON of message M with its defaults filled in: what is stored, published and folded.
 * Times are RFC 3339 in UTC, 64-bit integers are decimal strings, enum values their full names.
 */
export type EventShape<M, J> = {
  [K in RequiredKey<M>]: K extends keyof J
    ? Field<Exclude<M[K], undefined>, Exclude<J[K], undefined>>
    : never;
} & {
  [K in Exclude<Payload<M>, RequiredKey<M>>]?: K extends keyof J
    ? Field<Exclude<M[K], undefined>, Exclude<J[K], undefined>>
    : never;
};

/** Payload of each event type of a generation's stream. */
export interface GenerationEventData {
  GenerationRequested: EventShape<generation.GenerationRequested, generation.GenerationRequestedJson>;
  SubmissionStarted: EventShape<generation.SubmissionStarted, generation.SubmissionStartedJson>;
  SubmissionAccepted: EventShape<generation.SubmissionAccepted, generation.SubmissionAcceptedJson>;
  SubmissionOutcomeUnknown: EventShape<
    generation.SubmissionOutcomeUnknown,
    generation.SubmissionOutcomeUnknownJson
  >;
  SubmissionRepeated: EventShape<generation.SubmissionRepeated, generation.SubmissionRepeatedJson>;
  SubmissionResolved: EventShape<generation.SubmissionResolved, generation.SubmissionResolvedJson>;
  ProgressReported: EventShape<generation.ProgressReported, generation.ProgressReportedJson>;
  AttemptFailed: EventShape<generation.AttemptFailed, generation.AttemptFailedJson>;
  AttemptAbandoned: EventShape<generation.AttemptAbandoned, generation.AttemptAbandonedJson>;
  OutputsProduced: EventShape<generation.OutputsProduced, generation.OutputsProducedJson>;
  OutputsRefreshed: EventShape<generation.OutputsRefreshed, generation.OutputsRefreshedJson>;
  PaidOrphanRecorded: EventShape<generation.PaidOrphanRecorded, generation.PaidOrphanRecordedJson>;
  CostRecorded: EventShape<generation.CostRecorded, generation.CostRecordedJson>;
  ArtifactStored: EventShape<generation.ArtifactStored, generation.ArtifactStoredJson>;
  ArtifactRejected: EventShape<generation.ArtifactRejected, generation.ArtifactRejectedJson>;
  GenerationCompleted: EventShape<generation.GenerationCompleted, generation.GenerationCompletedJson>;
  GenerationFailed: EventShape<generation.GenerationFailed, generation.GenerationFailedJson>;
  GenerationCanceled: EventShape<generation.GenerationCanceled, generation.GenerationCanceledJson>;
  CancellationRequested: EventShape<generation.CancellationRequested, generation.CancellationRequestedJson>;
  FailureOrdered: EventShape<generation.FailureOrdered, generation.FailureOrderedJson>;
  DeadlineExtended: EventShape<generation.DeadlineExtended, generation.DeadlineExtendedJson>;
  GenerationStalled: EventShape<generation.GenerationStalled, generation.GenerationStalledJson>;
  ProviderNotified: EventShape<generation.ProviderNotified, generation.ProviderNotifiedJson>;
  RetryOrdered: EventShape<generation.RetryOrdered, generation.RetryOrderedJson>;
  OrphanAdopted: EventShape<generation.OrphanAdopted, generation.OrphanAdoptedJson>;
  PersonalDataErased: EventShape<generation.PersonalDataErased, generation.PersonalDataErasedJson>;
}

/** Payload of each event type of a provider account's stream. */
export interface ProviderEventData {
  ProviderAccountRegistered: EventShape<
    provider.ProviderAccountRegistered,
    provider.ProviderAccountRegisteredJson
  >;
  ProviderAccountLimitsChanged: EventShape<
    provider.ProviderAccountLimitsChanged,
    provider.ProviderAccountLimitsChangedJson
  >;
  ProviderAccountPolicyChanged: EventShape<
    provider.ProviderAccountPolicyChanged,
    provider.ProviderAccountPolicyChangedJson
  >;
  ProviderAccountPaused: EventShape<provider.ProviderAccountPaused, provider.ProviderAccountPausedJson>;
  ProviderAccountResumed: EventShape<provider.ProviderAccountResumed, provider.ProviderAccountResumedJson>;
}

export type GenerationEventType = keyof GenerationEventData;
export type ProviderEventType = keyof ProviderEventData;
export type EventType = GenerationEventType | ProviderEventType;
export type EventData = GenerationEventData & ProviderEventData;

/** Descriptors by event type, for the codec and for documentation. */
export const eventSchemas = {
  GenerationRequested: generation.GenerationRequestedSchema,
  SubmissionStarted: generation.SubmissionStartedSchema,
  SubmissionAccepted: generation.SubmissionAcceptedSchema,
  SubmissionOutcomeUnknown: generation.SubmissionOutcomeUnknownSchema,
  SubmissionRepeated: generation.SubmissionRepeatedSchema,
  SubmissionResolved: generation.SubmissionResolvedSchema,
  ProgressReported: generation.ProgressReportedSchema,
  AttemptFailed: generation.AttemptFailedSchema,
  AttemptAbandoned: generation.AttemptAbandonedSchema,
  OutputsProduced: generation.OutputsProducedSchema,
  OutputsRefreshed: generation.OutputsRefreshedSchema,
  PaidOrphanRecorded: generation.PaidOrphanRecordedSchema,
  CostRecorded: generation.CostRecordedSchema,
  ArtifactStored: generation.ArtifactStoredSchema,
  ArtifactRejected: generation.ArtifactRejectedSchema,
  GenerationCompleted: generation.GenerationCompletedSchema,
  GenerationFailed: generation.GenerationFailedSchema,
  GenerationCanceled: generation.GenerationCanceledSchema,
  CancellationRequested: generation.CancellationRequestedSchema,
  FailureOrdered: generation.FailureOrderedSchema,
  DeadlineExtended: generation.DeadlineExtendedSchema,
  GenerationStalled: generation.GenerationStalledSchema,
  ProviderNotified: generation.ProviderNotifiedSchema,
  RetryOrdered: generation.RetryOrderedSchema,
  OrphanAdopted: generation.OrphanAdoptedSchema,
  PersonalDataErased: generation.PersonalDataErasedSchema,
  ProviderAccountRegistered: provider.ProviderAccountRegisteredSchema,
  ProviderAccountLimitsChanged: provider.ProviderAccountLimitsChangedSchema,
  ProviderAccountPolicyChanged: provider.ProviderAccountPolicyChangedSchema,
  ProviderAccountPaused: provider.ProviderAccountPausedSchema,
  ProviderAccountResumed: provider.ProviderAccountResumedSchema,
} as const satisfies Record<EventType, unknown>;

export const generationEventTypes = [
  'GenerationRequested',
  'SubmissionStarted',
  'SubmissionAccepted',
  'SubmissionOutcomeUnknown',
  'SubmissionRepeated',
  'SubmissionResolved',
  'ProgressReported',
  'AttemptFailed',
  'AttemptAbandoned',
  'OutputsProduced',
  'OutputsRefreshed',
  'PaidOrphanRecorded',
  'CostRecorded',
  'ArtifactStored',
  'ArtifactRejected',
  'GenerationCompleted',
  'GenerationFailed',
  'GenerationCanceled',
  'CancellationRequested',
  'FailureOrdered',
  'DeadlineExtended',
  'GenerationStalled',
  'ProviderNotified',
  'RetryOrdered',
  'OrphanAdopted',
  'PersonalDataErased',
] as const satisfies readonly GenerationEventType[];

export const providerEventTypes = [
  'ProviderAccountRegistered',
  'ProviderAccountLimitsChanged',
  'ProviderAccountPolicyChanged',
  'ProviderAccountPaused',
  'ProviderAccountResumed',
] as const satisfies readonly ProviderEventType[];

/** Whether a stored type name is one of this contract's. */
export function isEventType(name: string): name is EventType {
  return Object.hasOwn(eventSchemas, name);
}
