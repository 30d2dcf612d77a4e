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
export { maxProgressReports } from './decide-hear.js';
export { absenceProvenFrom } from './decide-hear-disproof.js';
export { type CatalogueEntry, catalogueEntry, errorCatalogue } from './error-catalogue.js';
export type { EventOf, GenerationEvent, PlacedEvent } from './event.js';
export { evolve, foldEvents } from './evolve.js';
export { IllegalTransition } from './illegal-transition.js';
export { billOf, isNamed, type Money, noMoney } from './money.js';
export { type ArtifactAction, planArtifact } from './plan-artifact.js';
export { type ContractOf, type GatewayAction, planGateway } from './plan-gateway.js';
export type { Settlement } from './settlement.js';
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
  leftRunning,
  openQuestions,
  type Orphan,
  type Output,
  type Phase,
  phases,
  type StoredArtifact,
  boundTo,
  isOtherJob,
  vendorOf,
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
export {
  type AccountLimits,
  foldAccount,
  type ProviderAccountEvent,
  type ProviderAccountState,
} from './provider-account/account-state.js';
export { type AccountCommand, decideAccount } from './provider-account/decide-account.js';
export { mayAppend, type ServiceName } from './who-may-append.js';
