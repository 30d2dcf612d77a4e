import {
  backoffMs,
  classifyFailure,
  commonCause,
  decideRedelivery,
  defaultRedeliveryPolicy as policy,
} from './redelivery.js';

const coded = (code: string, cause?: unknown): Error => Object.assign(new Error(code, { cause }), { code });
const half = (): number => 0.5;
const alone = { othersGetThrough: false, failedInARow: 0 };

describe('classifyFailure', () => {
  it.each(['ECONNREFUSED', 'CONNECTION_CLOSED', '40P01', '57P01', '08006', '53300', 'store_unavailable'])(
    'knows that %s passes by itself',
    (code) => expect(classifyFailure(coded(code))).toBe('transient'),
  );

  it.each(['42P01', '3D000', '28P01', 'not_allowed_to_append', 'handler_error_hidden'])(
    'knows that %s hits every message',
    (code) => expect(classifyFailure(coded(code))).toBe('common'),
  );

  it('looks into causes', () => {
    expect(classifyFailure(new Error('use case failed', { cause: coded('CONNECTION_ENDED') }))).toBe(
      'transient',
    );
  });

  it.each([new TypeError('x'), 'text', null, undefined, 7, { code: 5 }, coded('23505')])(
    'takes anything else for a fault',
    (error) => {
      expect(classifyFailure(error)).toBe('fault');
    },
  );

  it('ends on a cycle of causes', () => {
    const error = new Error('a');
    error.cause = error;
    expect(classifyFailure(error)).toBe('fault');
  });
});

describe('decideRedelivery', () => {
  it('retries a fault a few times in place, then parks the stream', () => {
    const error = new TypeError('bug');
    const verdicts = [1, 2, 3].map(
      (tries) => decideRedelivery({ error, tries }, alone, policy, half).verdict,
    );
    expect(verdicts).toEqual(['retry', 'retry', 'park']);
  });

  it('parks nothing over a transient error while nobody gets through', () => {
    const error = coded('ECONNREFUSED');
    expect(decideRedelivery({ error, tries: 1_000 }, alone, policy, half).verdict).toBe('retry');
  });

  it('parks over a transient error that hits this stream alone', () => {
    const error = coded('ECONNREFUSED');
    const surroundings = { othersGetThrough: true, failedInARow: 0 };
    expect(
      decideRedelivery({ error, tries: policy.transientTries - 1 }, surroundings, policy, half).verdict,
    ).toBe('retry');
    expect(
      decideRedelivery({ error, tries: policy.transientTries }, surroundings, policy, half).verdict,
    ).toBe('park');
  });

  it('stops at once at a common cause, and when stream after stream fails', () => {
    expect(decideRedelivery({ error: coded('42P01'), tries: 1 }, alone, policy, half).verdict).toBe('stop');
    const surroundings = { othersGetThrough: false, failedInARow: policy.commonCauseStreams - 1 };
    const error = new TypeError('wrong code');
    expect(decideRedelivery({ error, tries: policy.faultTries }, surroundings, policy, half).verdict).toBe(
      'stop',
    );
    expect(classifyFailure(commonCause(error))).toBe('common');
  });

  it('waits with full jitter under a cap', () => {
    expect(backoffMs(1, 50, 5_000, () => 1)).toBe(50);
    expect(backoffMs(4, 50, 5_000, () => 1)).toBe(400);
    expect(backoffMs(60, 50, 5_000, () => 1)).toBe(5_000);
    expect(backoffMs(60, 50, 5_000, () => 0)).toBe(0);
  });
});
