export { worseCharge, worstCharge } from './charge.js';
export type { EventOf, GenerationEvent, PlacedEvent } from './event.js';
export { isNamed, type Money, noMoney, sumOf } from './money.js';
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
export type { SubmissionContract } from './submission-contract.js';
export { mayAppend, type ServiceName } from './who-may-append.js';
export { maxNotifications, maxRefreshes } from './conditions.js';
export { evolve, foldEvents } from './evolve.js';
export { IllegalTransition } from './illegal-transition.js';
export { type ConditionName, type Rule, transitions } from './transitions.js';
