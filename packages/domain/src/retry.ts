import type { AttemptEnd, Charge, ErrorCode, FailureClass } from '@darkroom/contract';

/** Limits of what is tried again by itself. Times are seconds. */
export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly maxDeferrals: number;
  readonly baseSeconds: number;
  readonly capSeconds: number;
  readonly maxRetryAfterSeconds: number;
  /** How often a paused account is probed. */
  readonly probeSeconds: number;
  /** Whether a run that was charged and failed goes on to the next model of its route, at a second cost. */
  readonly payTwice: boolean;
}

export const defaultRetryPolicy: RetryPolicy = {
  maxAttempts: 8,
  maxDeferrals: 40,
  baseSeconds: 1,
  capSeconds: 60,
  maxRetryAfterSeconds: 300,
  probeSeconds: 60,
  payTwice: false,
};

/** What happened to an attempt, and what went before it in this run. */
export interface RetryQuestion {
  /** `not_there`: an unknown outcome was settled as never accepted. `unknown`: it is not settled. */
  readonly outcome: AttemptEnd | 'not_there' | 'unknown';
  readonly failureClass: FailureClass;
  readonly charge: Charge;
  /** Attempts of this run that counted before this one. */
  readonly spent: number;
  readonly deferrals: number;
  readonly model: string;
  readonly route: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** From 0 up to, not including, 1. */
  readonly random: number;
  readonly retryAfterSeconds: number | null;
  readonly policy: RetryPolicy;
}

/** `rule` names the line that decided, for people who ask why. */
export type RetryDecision =
  | { readonly kind: 'retry'; readonly at: number; readonly rule: string }
  | { readonly kind: 'next-of-route'; readonly model: string; readonly at: number; readonly rule: string }
  | { readonly kind: 'fail'; readonly code: ErrorCode; readonly rule: string }
  | { readonly kind: 'settle-first'; readonly rule: string };

/**
 * The only place where a retry is decided. Nothing is tried again whose cost is open, and nothing that was charged, unless
 * the policy names that cost.
 * Backoff: capped, full jitter (M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015).
 */
export function decideRetry(question: RetryQuestion): RetryDecision {
  const { outcome, failureClass, charge } = question;
  if (outcome === 'unknown') return { kind: 'settle-first', rule: 'outcome_unknown' };
  if (outcome === 'ATTEMPT_END_MODERATED' || failureClass === 'FAILURE_CLASS_CONTENT_REJECTED')
    return { kind: 'fail', code: 'ERROR_CODE_CONTENT_REJECTED', rule: 'content_rejected' };
  if (charge !== 'CHARGE_NONE') return afterCharge(question);
  if (outcome === 'ATTEMPT_END_REFUSED') return afterRefusal(question);
  return transient(question, outcome === 'ATTEMPT_END_VENDOR_FAILED' ? 'vendor_failed' : 'not_started');
}

function afterCharge(question: RetryQuestion): RetryDecision {
  const next = question.policy.payTwice ? nextOfRoute(question.model, question.route) : undefined;
  return next === undefined
    ? { kind: 'fail', code: 'ERROR_CODE_PROVIDER_FAILED', rule: 'charged_and_failed' }
    : { kind: 'next-of-route', model: next, at: question.now, rule: 'policy_pays_twice' };
}

function afterRefusal(question: RetryQuestion): RetryDecision {
  const { policy, now } = question;
  switch (question.failureClass) {
    case 'FAILURE_CLASS_INVALID_REQUEST':
    case 'FAILURE_CLASS_NOT_FOUND':
      return { kind: 'fail', code: 'ERROR_CODE_INVALID_REQUEST', rule: 'invalid_request' };
    case 'FAILURE_CLASS_UNAUTHORIZED':
    case 'FAILURE_CLASS_INSUFFICIENT_CREDIT':
      return { kind: 'retry', at: now + policy.probeSeconds * 1000, rule: 'account_paused' };
    case 'FAILURE_CLASS_RATE_LIMITED':
    case 'FAILURE_CLASS_OVERLOADED':
      return question.deferrals + 1 >= policy.maxDeferrals
        ? exhausted(question, 'deferrals_used_up')
        : { kind: 'retry', at: now + deferralMs(question), rule: 'provider_capacity' };
    default:
      return transient(question, 'refused');
  }
}

function transient(question: RetryQuestion, rule: string): RetryDecision {
  if (question.spent + 1 >= question.policy.maxAttempts) return exhausted(question, 'attempts_used_up');
  return { kind: 'retry', at: question.now + jitterMs(question, question.spent), rule };
}

function exhausted(question: RetryQuestion, rule: string): RetryDecision {
  const next = nextOfRoute(question.model, question.route);
  if (next !== undefined) return { kind: 'next-of-route', model: next, at: question.now, rule };
  const code =
    question.outcome === 'ATTEMPT_END_VENDOR_FAILED'
      ? 'ERROR_CODE_PROVIDER_FAILED'
      : 'ERROR_CODE_PROVIDER_UNAVAILABLE';
  return { kind: 'fail', code, rule };
}

/** The model behind this one. */
export function nextOfRoute(model: string, route: readonly string[]): string | undefined {
  return route[route.indexOf(model) + 1];
}

/** Whether a rule that lets the run go on lets it go on with the next model. */
export function leavesModel(rule: string): boolean {
  return rule === 'attempts_used_up' || rule === 'deferrals_used_up';
}

function jitterMs({ policy, random }: RetryQuestion, tries: number): number {
  const ceiling = Math.min(policy.capSeconds, policy.baseSeconds * 2 ** Math.min(tries, 30));
  return Math.round(random * ceiling * 1000);
}

/**
 * Never before the vendor's Retry-After. Behind it a spread that grows with how often it was asked already: the deferrals of a
 * run then outlast an outage of minutes, also where the vendor always says "in two seconds".
 */
function deferralMs(question: RetryQuestion): number {
  const { policy, retryAfterSeconds, deferrals } = question;
  if (retryAfterSeconds === null) return policy.baseSeconds * 500 + jitterMs(question, deferrals);
  const asked = Math.min(Math.max(retryAfterSeconds, 0), policy.maxRetryAfterSeconds) * 1000;
  return asked + Math.round(jitterMs(question, deferrals) / 2);
}
