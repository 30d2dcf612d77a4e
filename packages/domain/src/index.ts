export { worseCharge, worstCharge } from './charge.js';
export type {
  Command,
  CommandOf,
  Decision,
  Evidence,
  NewsOf,
  OutputLink,
  ProducedOutput,
  RefusalReason,
  VendorNews,
} from './commands.js';
export { isChargeInTheWay, maxNotifications, maxRefreshes } from './conditions.js';
export { decide } from './decide.js';
export { absenceProvenFrom, maxProgressReports } from './decide-hear.js';
export { type CatalogueEntry, catalogueEntry, errorCatalogue } from './error-catalogue.js';
export type { EventOf, GenerationEvent, PlacedEvent } from './event.js';
export { evolve, foldEvents } from './evolve.js';
export { IllegalTransition } from './illegal-transition.js';
export { isNamed, type Money, noMoney, sumOf } from './money.js';
export { type ArtifactAction, planArtifact } from './plan-artifact.js';
export { type ContractOf, type GatewayAction, planGateway, type Settlement } from './plan-gateway.js';
export {
  decideRetry,
  defaultRetryPolicy,
  type RetryDecision,
  type RetryPolicy,
  type RetryQuestion,
} from './retry.js';
export {
  type Attempt,
  attemptOf,
  type AttemptStatus,
  currentAttempt,
  type GenerationState,
  isFinal,
  openQuestions,
  type Orphan,
  type Output,
  type Phase,
  phases,
  type StoredArtifact,
} from './state.js';
export {
  type DescribedStatus,
  describeStatus,
  type Status,
  statusGlossary,
  statusOfPhase,
  type StatusReason,
  type StatusReasonCode,
} from './status.js';
export type { SubmissionContract } from './submission-contract.js';
export { type ConditionName, type Rule, transitions } from './transitions.js';
export { mayAppend, type ServiceName } from './who-may-append.js';
