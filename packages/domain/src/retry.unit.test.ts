import { decideRetry, defaultRetryPolicy, type RetryQuestion } from './retry.js';

const now = 1_000_000;
const refused: RetryQuestion = {
  outcome: 'ATTEMPT_END_REFUSED',
  failureClass: 'FAILURE_CLASS_VENDOR_FAULT',
  charge: 'CHARGE_NONE',
  spent: 0,
  deferrals: 0,
  probes: 0,
  resubmits: 0,
  model: 'sim/fast',
  route: ['sim/fast'],
  now,
  random: 0.5,
  retryAfterSeconds: null,
  policy: defaultRetryPolicy,
};
const two = { route: ['sim/fast', 'other/good'] };
const rateLimited = { failureClass: 'FAILURE_CLASS_RATE_LIMITED' } as const;
const vendorFailed = { outcome: 'ATTEMPT_END_VENDOR_FAILED' } as const;

describe('what a retry may do', () => {
  it.each<[string, Partial<RetryQuestion>, object]>([
    ['a documented refusal', {}, { kind: 'retry', at: now + 750, rule: 'refused' }],
    [
      'nothing was sent',
      { outcome: 'ATTEMPT_END_NOT_SENT' },
      { kind: 'retry', at: now + 750, rule: 'not_started' },
    ],
    ['it was not there', { outcome: 'not_there' }, { kind: 'retry', at: now + 750, rule: 'not_started' }],
    ['it failed free of charge', vendorFailed, { kind: 'retry', rule: 'vendor_failed' }],
    ['the backoff doubles', { spent: 3 }, { kind: 'retry', at: now + 6_000 }],
    ['and is capped', { spent: 6, random: 0.999 }, { kind: 'retry', at: now + 59_970 }],
    [
      'the eighth try was the last',
      { spent: 7 },
      { kind: 'fail', code: 'ERROR_CODE_PROVIDER_UNAVAILABLE', rule: 'attempts_used_up' },
    ],
    [
      'the eighth failed at the vendor',
      { ...vendorFailed, spent: 7 },
      { kind: 'fail', code: 'ERROR_CODE_PROVIDER_FAILED' },
    ],
    [
      'with a route the next model',
      { ...two, spent: 7 },
      { kind: 'next-of-route', model: 'other/good', at: now },
    ],
    ['the route ends', { ...two, model: 'other/good', spent: 8 }, { kind: 'fail' }],
    ['rate limited', rateLimited, { kind: 'retry', at: now + 1_000, rule: 'provider_capacity' }],
    [
      'overloaded',
      { failureClass: 'FAILURE_CLASS_OVERLOADED' },
      { kind: 'retry', rule: 'provider_capacity' },
    ],
    [
      'Retry-After',
      { ...rateLimited, retryAfterSeconds: 20, random: 0 },
      { kind: 'retry', at: now + 20_000 },
    ],
    [
      'Retry-After of an hour',
      { ...rateLimited, retryAfterSeconds: 3600, random: 0 },
      { kind: 'retry', at: now + 300_000 },
    ],
    [
      'Retry-After of the past',
      { ...rateLimited, retryAfterSeconds: -5, random: 0 },
      { kind: 'retry', at: now },
    ],
    ['deferrals spend no attempt', { ...rateLimited, spent: 7 }, { kind: 'retry' }],
    ['the fortieth deferral', { ...rateLimited, deferrals: 39 }, { kind: 'fail', rule: 'deferrals_used_up' }],
    [
      'a probe spends no try, and lets others go first',
      { probes: 1, spent: 7 },
      { kind: 'retry', at: now + 45_000, rule: 'probe_refused' },
    ],
    [
      'nor a deferral',
      { ...rateLimited, probes: 9, deferrals: 39 },
      { kind: 'retry', rule: 'probe_refused' },
    ],
    [
      'nor does it come back before it is asked to',
      { ...rateLimited, probes: 1, retryAfterSeconds: 90 },
      { kind: 'retry', at: now + 90_000 },
    ],
    ['the hundredth probe', { probes: 100 }, { kind: 'fail', rule: 'attempts_used_up' }],
    [
      'a probe that was accepted and failed is a try',
      { ...vendorFailed, probes: 1, spent: 7 },
      { kind: 'fail', rule: 'attempts_used_up' },
    ],
    [
      'unauthorized',
      { failureClass: 'FAILURE_CLASS_UNAUTHORIZED', spent: 7 },
      { kind: 'retry', at: now + 60_000, rule: 'account_paused' },
    ],
    [
      'no credit',
      { failureClass: 'FAILURE_CLASS_INSUFFICIENT_CREDIT' },
      { kind: 'retry', rule: 'account_paused' },
    ],
    [
      'an invalid request',
      { failureClass: 'FAILURE_CLASS_INVALID_REQUEST' },
      { kind: 'fail', code: 'ERROR_CODE_INVALID_REQUEST' },
    ],
    [
      'no such model',
      { failureClass: 'FAILURE_CLASS_NOT_FOUND' },
      { kind: 'fail', code: 'ERROR_CODE_INVALID_REQUEST' },
    ],
    [
      'rejected content',
      { failureClass: 'FAILURE_CLASS_CONTENT_REJECTED' },
      { kind: 'fail', code: 'ERROR_CODE_CONTENT_REJECTED' },
    ],
    [
      'moderated after acceptance',
      { outcome: 'ATTEMPT_END_MODERATED', charge: 'CHARGE_CERTAIN' },
      { kind: 'fail', code: 'ERROR_CODE_CONTENT_REJECTED' },
    ],
    [
      'an unknown outcome',
      { outcome: 'unknown', charge: 'CHARGE_POSSIBLE' },
      { kind: 'settle-first', rule: 'outcome_unknown' },
    ],
    [
      'given up by a written policy',
      { outcome: 'given_up', charge: 'CHARGE_POSSIBLE' },
      { kind: 'retry', at: now + 750, rule: 'policy_resubmits_unknown' },
    ],
    [
      'given up a second time',
      { outcome: 'given_up', charge: 'CHARGE_POSSIBLE', resubmits: 1 },
      { kind: 'settle-first', rule: 'resubmits_used_up' },
    ],
    [
      'given up at the last try',
      { outcome: 'given_up', charge: 'CHARGE_POSSIBLE', spent: 7 },
      { kind: 'settle-first' },
    ],
    [
      'charged and failed',
      { ...vendorFailed, charge: 'CHARGE_CERTAIN', ...two },
      { kind: 'fail', code: 'ERROR_CODE_PROVIDER_FAILED', rule: 'charged_and_failed' },
    ],
    [
      'perhaps charged',
      { outcome: 'ATTEMPT_END_VENDOR_CANCELED', charge: 'CHARGE_POSSIBLE' },
      { kind: 'fail' },
    ],
    [
      'charged, by a policy that names the cost',
      {
        ...vendorFailed,
        ...two,
        charge: 'CHARGE_CERTAIN',
        policy: { ...defaultRetryPolicy, payTwice: true },
      },
      { kind: 'next-of-route', model: 'other/good', rule: 'policy_pays_twice' },
    ],
    [
      'charged, by that policy, with nowhere to go',
      { ...vendorFailed, charge: 'CHARGE_CERTAIN', policy: { ...defaultRetryPolicy, payTwice: true } },
      { kind: 'fail' },
    ],
  ])('%s', (_row, question, decision) => {
    expect(decideRetry({ ...refused, ...question })).toMatchObject(decision);
  });

  it('outlasts a vendor that is away for a minute, whatever the dice say', () => {
    let at = now;
    for (let spent = 0; spent < defaultRetryPolicy.maxAttempts; spent += 1) {
      const decision = decideRetry({ ...refused, spent, now: at, random: 0 });
      if (decision.kind !== 'retry') break;
      at = decision.at;
    }
    expect(at - now).toBeGreaterThan(60_000);
  });
});
