import type { LedgerLine, Resource } from './client.js';
import { judgeCharges, judgeEnds } from './judge.js';
import type { Invocation } from './load.js';

const asked: Invocation = { key: 'k', model: 'sim/standard', prompt: 'p', id: 'gen_1' };
const line: LedgerLine = {
  seq: 1,
  at: '2026-01-01T00:00:00.000Z',
  model: 'standard',
  prompt: 'p',
  job_id: 'j',
  accepted: true,
  replay: false,
  charged_micros: 40_000,
};
const done: Resource = {
  id: 'gen_1',
  run: 1,
  version: 5,
  status: 'succeeded',
  status_reason: null,
  prompt: 'p',
  model: 'sim/standard',
  attempts: 1,
  artifacts: [],
  error: null,
  cost: { currency: 'USD', estimated_micros: '40000', actual_micros: null },
};

describe('the judge finds', () => {
  it('nothing where all is well', () => {
    expect([
      ...judgeCharges([asked], [line], true),
      ...judgeEnds([asked], new Map([['gen_1', done]]), [line]),
    ]).toEqual([]);
  });

  it('a second charge, a missing charge and a charge for nobody', () => {
    expect(judgeCharges([asked], [line, { ...line, seq: 2, job_id: 'j2' }], true)).toHaveLength(2);
    expect(judgeCharges([asked], [], true)).toHaveLength(1);
    expect(judgeCharges([{ ...asked, model: 'sim/blind' }], [], true)).toEqual([]);
    expect(judgeCharges([asked], [line, { ...line, prompt: 'other' }], true)).toHaveLength(1);
  });

  it('a lost acknowledgement, a swapped answer, a lie about money and a needless question', () => {
    expect(judgeEnds([asked], new Map(), [])).toHaveLength(1);
    expect(judgeEnds([{ ...asked, prompt: 'q' }], new Map([['gen_1', done]]), [])).toHaveLength(1);
    const lie: Resource = {
      ...done,
      status: 'failed',
      error: { code: 'provider_failed', message: '', charge: 'none' },
    };
    expect(judgeEnds([asked], new Map([['gen_1', lie]]), [line])).toHaveLength(1);
    const question: Resource = {
      ...done,
      status: 'processing',
      status_reason: { code: 'needs_attention', message: '' },
    };
    expect(judgeEnds([asked], new Map([['gen_1', question]]), [line])).toHaveLength(1);
  });
});
