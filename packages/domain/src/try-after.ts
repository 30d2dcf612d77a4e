import type { AttemptEnd, Charge, FailureClass } from '@darkroom/contract';
import { type Decision, emitted, type Evidence, type Hear } from './commands.js';
import { after, endEvent, endingOf, failedEvent, rfc3339 } from './ending.js';
import type { GenerationEvent } from './event.js';
import { decideRetry, defaultRetryPolicy, type RetryDecision } from './retry.js';
import { type Attempt, boundTo, type GenerationState } from './state.js';

/** What the retry rule says of an attempt that came to an end, or never came to the vendor. */
export function retryAfterEnd(
  state: GenerationState,
  attempt: Attempt,
  command: Hear,
  what: {
    readonly outcome: AttemptEnd | 'not_there';
    readonly failureClass: FailureClass;
    readonly charge: Charge;
    readonly retryAfterSeconds?: number | null;
  },
): RetryDecision {
  return decideRetry({
    ...what,
    retryAfterSeconds: what.retryAfterSeconds ?? null,
    spent: state.spent,
    deferrals: state.deferrals,
    probes: attempt.isProbe
      ? state.attempts.filter((one) => one.isProbe && one.run === attempt.run).length
      : 0,
    resubmits: 0,
    model: attempt.model,
    // The second charge was accepted for one account.
    route: boundTo(state, attempt.run) === undefined ? state.requested.route : [attempt.model],
    now: command.now,
    random: command.random,
    policy: command.policy ?? defaultRetryPolicy,
  });
}

/** When the next try is made and by which rule, as fields of the event that ends this one; no time where the run itself is to end. */
export function nextTry(
  state: GenerationState,
  now: number,
  decision: RetryDecision,
): { retryRule: string; retryAt?: string } {
  const isEnding = endingOf(state, now) !== null;
  const at = decision.kind === 'retry' || decision.kind === 'next-of-route' ? decision.at : null;
  return {
    retryRule: decision.rule,
    ...(at === null || isEnding ? {} : { retryAt: rfc3339(at) }),
  };
}

/** Behind an attempt's end: the end of the run that was asked for, or the one that the retry rule decided. */
export function conclude(
  state: GenerationState,
  now: number,
  events: readonly GenerationEvent[],
  decision: RetryDecision,
): Decision {
  const then = after(state, now, events);
  if (then.phase !== 'waiting') return emitted(events);
  const ending = endingOf(then, now);
  if (ending !== null) return emitted([...events, endEvent(then, ending)]);
  return emitted(decision.kind === 'fail' ? [...events, failedEvent(then, decision.code)] : events);
}

/** The evidence, as a field of an event that may have none. */
export const withEvidence = (evidence: Evidence | undefined): { evidence?: Evidence } =>
  evidence === undefined ? {} : { evidence };
