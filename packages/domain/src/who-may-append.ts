import type { EventType } from '@darkroom/contract';

/** Services that append events. */
export type ServiceName = 'intake' | 'provider-gateway' | 'artifact' | 'control-plane';

/** Which services may append which type of event. */
export const mayAppend = {
  GenerationRequested: ['intake'],
  CancellationRequested: ['intake', 'control-plane'],
  ProviderNotified: ['intake'],
  PersonalDataErased: ['intake', 'control-plane'],
  SubmissionStarted: ['provider-gateway'],
  SubmissionAccepted: ['provider-gateway'],
  SubmissionOutcomeUnknown: ['provider-gateway'],
  SubmissionRepeated: ['provider-gateway'],
  SubmissionResolved: ['provider-gateway', 'control-plane'],
  ProgressReported: ['provider-gateway'],
  AttemptFailed: ['provider-gateway'],
  AttemptAbandoned: ['provider-gateway'],
  OutputsProduced: ['provider-gateway'],
  OutputsRefreshed: ['provider-gateway'],
  PaidOrphanRecorded: ['provider-gateway', 'control-plane'],
  CostRecorded: ['provider-gateway'],
  ArtifactStored: ['artifact'],
  ArtifactRejected: ['artifact'],
  GenerationCompleted: ['artifact'],
  GenerationFailed: ['provider-gateway', 'artifact'],
  GenerationCanceled: ['provider-gateway'],
  FailureOrdered: ['control-plane'],
  DeadlineExtended: ['control-plane'],
  GenerationStalled: ['control-plane'],
  RetryOrdered: ['control-plane'],
  OrphanAdopted: ['control-plane'],
  // It alone reads what is configured.
  ProviderAccountRegistered: ['provider-gateway'],
  ProviderAccountLimitsChanged: ['control-plane'],
  ProviderAccountPolicyChanged: ['control-plane'],
  ProviderAccountPaused: ['control-plane', 'provider-gateway'],
  ProviderAccountResumed: ['control-plane', 'provider-gateway'],
} as const satisfies Record<EventType, readonly ServiceName[]>;
