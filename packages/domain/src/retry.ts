import type { AttemptEnd, Charge, ErrorCode, FailureClass } from '@darkroom/contract';

/** Limits of what is tried again by itself. Times are seconds. */
export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly maxDeferrals: number;
  /** Of a run: each of them came a while after the one before. */
  readonly maxProbes: number;
  readonly baseSeconds: number;
  readonly capSeconds: number;
  readonly maxRetryAfterSeconds: number;
  /** How often a paused account is probed. */
  readonly probeSeconds: number;
  /** Whether a run that was charged and failed goes on to the next model of its route, at a second cost. */
  readonly payTwice: boolean;
  /** Submits of a run, at most, that follow one that was given up at the risk of a second charge. */
  readonly maxResubmits: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  maxAttempts: 8,
  maxDeferrals: 40,
  maxProbes: 100,
  baseSeconds: 1,
  capSeconds: 60,
  maxRetryAfterSeconds: 300,
  probeSeconds: 60,
  payTwice: false,
  maxResubmits: 1,
};

/** What happened to an attempt, and what went before it in this run. */
export interface RetryQuestion {
  /**
   * `not_there`: an unknown outcome was settled as never accepted. `unknown`: it is not settled. `given_up`: nor will it be, and its
   * account's written policy accepts that it may be charged.
   */
  readonly outcome: AttemptEnd | 'not_there' | 'given_up' | 'unknown';
  readonly failureClass: FailureClass;
  readonly charge: Charge;
  /** Attempts of this run that counted before this one. */
  readonly spent: number;
  readonly deferrals: number;
  /** Where it was sent to see whether the account is taken again: how many of its run were, it included. Else 0. */
  readonly probes: number;
  /** Other attempts of this run that were given up at the risk of a second charge. */
  readonly resubmits: number;
  readonly model: string;
  readonly route: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** From 0 to 1; 1 comes to the latest time. */
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
 * Backoff: capped, equal jitter for tries and full jitter for deferrals (M. Brooker, "Exponential Backoff and Jitter", AWS
 * Architecture Blog, 2015).
 */
export function decideRetry(question: RetryQuestion): RetryDecision {
  const { outcome, failureClass, charge } = question;
  if (outcome === 'unknown') return { kind: 'settle-first', rule: 'outcome_unknown' };
  if (outcome === 'given_up') return afterGivingUp(question);
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

/** What nobody can tell is asked for once more at most: who may pay twice does not want to pay eight times. */
function afterGivingUp(question: RetryQuestion): RetryDecision {
  const { resubmits, spent, policy } = question;
  return resubmits >= policy.maxResubmits || spent + 1 >= policy.maxAttempts
    ? { kind: 'settle-first', rule: 'resubmits_used_up' }
    : { kind: 'retry', at: question.now + backoffMs(question), rule: 'policy_resubmits_unknown' };
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
      if (question.probes > 0) return afterProbe(question);
      return question.deferrals + 1 >= policy.maxDeferrals
        ? exhausted(question, 'deferrals_used_up')
        : { kind: 'retry', at: now + deferralMs(question), rule: 'provider_capacity' };
    default:
      return transient(question, 'refused');
  }
}

function transient(question: RetryQuestion, rule: string): RetryDecision {
  if (question.probes > 0 && question.outcome !== 'ATTEMPT_END_VENDOR_FAILED') return afterProbe(question);
  if (question.spent + 1 >= question.policy.maxAttempts) return exhausted(question, 'attempts_used_up');
  return { kind: 'retry', at: question.now + backoffMs(question), rule };
}

/** Whoever went first to see whether the vendor is back is none the worse for it, and lets others go first the next time. */
function afterProbe(question: RetryQuestion): RetryDecision {
  const { policy, now, random, probes, retryAfterSeconds } = question;
  if (probes >= policy.maxProbes) return exhausted(question, 'attempts_used_up');
  const asked = Math.min(retryAfterSeconds ?? 0, policy.maxRetryAfterSeconds);
  const wait = Math.max(asked, (0.5 + random / 2) * policy.capSeconds);
  return { kind: 'retry', at: now + Math.round(wait * 1000), rule: 'probe_refused' };
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

function ceilingSeconds({ policy }: RetryQuestion, tries: number): number {
  return Math.min(policy.capSeconds, policy.baseSeconds * 2 ** Math.min(tries, 30));
}

/** Half of it for certain: all tries of a run together outlast a vendor that is away for a minute, whatever the dice say. */
function backoffMs(question: RetryQuestion): number {
  return Math.round((0.5 + question.random / 2) * ceilingSeconds(question, question.spent) * 1000);
}

function jitterMs(question: RetryQuestion, tries: number): number {
  return Math.round(question.random * ceilingSeconds(question, tries) * 1000);
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
