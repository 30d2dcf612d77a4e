import type { Command } from './commands.js';
import { planGateway } from './plan-gateway.js';
import type { GenerationState } from './state.js';
import type { SubmissionContract } from './submission-contract.js';
import {
  accepted,
  aGeneration,
  carryOut,
  deadline,
  heard,
  lost,
  minute,
  models,
  produced,
  refusalOf,
  start,
  submit,
} from './testing/a-generation.js';
import { contracts } from './testing/contracts.js';

const fresh = aGeneration();
const submitting = carryOut(fresh, submit());
const processing = carryOut(submitting, heard(accepted()));
const unresolved = carryOut(submitting, heard(lost));
const settleUntil = start + 121_000;
const cancel: Command = { type: 'cancel', now: start + 2_000, by: 'REQUESTER_CLIENT', reason: '' };
const plan = (
  state: GenerationState,
  now = start + 3_000,
  contract: SubmissionContract | undefined = contracts.lookup,
) => planGateway(state, now, () => contract);
const order = (state: GenerationState) => ({
  now: start + 3_000,
  reason: '',
  expectedDecisionVersion: state.decisionVersion,
});

describe('what the gateway does next', () => {
  it('submits what was asked for', () => {
    expect(plan(fresh)).toEqual({ do: 'submit', model: models[0], lookUpFirst: [] });
  });

  it('waits for the time of the next try', () => {
    const news = {
      kind: 'refused',
      failureClass: 'FAILURE_CLASS_UNAUTHORIZED',
      vendorCode: '',
      vendorMessage: '',
      retryAfterSeconds: null,
    } as const;
    const waiting = carryOut(submitting, heard(news, { now: start }));
    expect(plan(waiting)).toEqual({ do: 'nothing', due: start + minute });
    expect(plan(waiting, start + minute)).toMatchObject({ do: 'submit', model: models[0] });
  });

  it('declares a sender gone', () => {
    expect(plan(submitting)).toMatchObject({ do: 'declare-sender-gone', attempt: { number: 1 } });
  });

  it.each<[string, SubmissionContract, object]>([
    ['lookup', contracts.lookup, { by: 'look-up', absenceFrom: start + 30_000, mayRepeat: false }],
    [
      'lookup without proof',
      contracts.lookupWithoutProof,
      { by: 'look-up', absenceFrom: null, mayRepeat: false },
    ],
    ['keyed-replay', contracts.keyedReplay, { by: 'replay' }],
    ['keyed-reject', contracts.keyedReject, { by: 'look-up', absenceFrom: null, mayRepeat: true }],
    ['blind', contracts.blindPolled, { by: 'waiting' }],
  ])('settles as the contract allows: %s', (_class, contract, settlement) => {
    expect(plan(unresolved, start + 3_000, contract)).toMatchObject({
      do: 'settle',
      settlement,
      due: settleUntil,
    });
  });

  it('repeats nothing whose key may be forgotten when it arrives, or while the end is asked for', () => {
    const keyed = contracts.keyedReplay;
    const settlementAt = (state: GenerationState, now: number) => plan(state, now, keyed);
    expect(settlementAt(unresolved, start + 589_999)).toMatchObject({ settlement: { by: 'replay' } });
    expect(settlementAt(unresolved, start + 590_000)).toMatchObject({ settlement: { by: 'waiting' } });
    expect(settlementAt(carryOut(unresolved, cancel), start + 3_000)).toMatchObject({
      settlement: { by: 'waiting' },
    });
    const repeat: Command = {
      type: 'repeat-submission',
      now: start + 590_000,
      attempt: 1,
      sendBy: start + 595_000,
      contract: keyed,
    };
    expect(refusalOf(unresolved, repeat)).toBe('out_of_scope');
    expect(refusalOf(carryOut(unresolved, cancel), { ...repeat, now: start + 9_000 })).toBe('ending');
    expect(refusalOf(unresolved, { ...repeat, now: start + 5_000 })).toBe('not_now');
  });

  it.each([
    ['for ever', 'forever', true],
    ['for long enough', 600, true],
    ['for too short', 5, false],
    ['while its job runs', 'in-flight', false],
    ['for nobody knows how long', null, false],
  ] as const)('a used key that is refused %s protects a repeat accordingly', (_what, keyScope, mayRepeat) => {
    const contract: SubmissionContract = { ...contracts.keyedReject, keyScope };
    expect(plan(unresolved, start + 3_000, contract)).toMatchObject({
      settlement: { by: 'look-up', mayRepeat },
    });
  });

  describe('a key for one use', () => {
    const contract: SubmissionContract = { ...contracts.keyedReject, keyScope: 86_400 };
    const used = heard({ kind: 'unknown', cause: 'UNKNOWN_CAUSE_KEY_USED' }, { contract });
    const again = (now: number): Command => ({
      type: 'repeat-submission',
      now,
      attempt: 1,
      sendBy: now + 5_000,
      contract,
    });
    const mayRepeat = (state: GenerationState) => {
      const action = plan(state, start + 20 * minute, contract);
      return action.do === 'settle' && action.settlement.by === 'look-up' && action.settlement.mayRepeat;
    };
    const repeated = (times: number): GenerationState =>
      Array.from({ length: times }).reduce<GenerationState>(
        (state, _, index) => carryOut(state, again(start + (index + 1) * 10_000)),
        unresolved,
      );

    it('is tried on while nobody answers, or the answer proves nothing', () => {
      const unreadable = heard({ kind: 'unknown', cause: 'UNKNOWN_CAUSE_UNREADABLE' }, { contract });
      const state = carryOut(repeated(20), unreadable);
      expect(mayRepeat(state)).toBe(true);
      expect(refusalOf(state, again(start + 300_000))).toBeUndefined();
    });

    it.each([
      ['to the first send', carryOut(submitting, used)],
      ['to a repeat', carryOut(repeated(1), used)],
    ])('is not tried again once it is known that it was used (the answer %s)', (_, state) => {
      expect(mayRepeat(state)).toBe(false);
      expect(refusalOf(state, again(start + 300_000))).toBe('out_of_scope');
    });

    it('is tried a hundred times at most', () => {
      expect(mayRepeat(repeated(99))).toBe(true);
      expect(mayRepeat(repeated(100))).toBe(false);
      expect(refusalOf(repeated(100), again(start + 20 * minute))).toBe('out_of_scope');
    });
  });

  it('frees the slot after the grace, and goes on settling until the deadline', () => {
    expect(plan(unresolved, settleUntil)).toMatchObject({ do: 'settle', due: deadline });
    expect(plan(unresolved, deadline)).toMatchObject({ do: 'append' });
    const late = carryOut(submitting, heard(lost, { now: deadline }));
    expect(plan(late, deadline)).toMatchObject({ do: 'settle', due: deadline + 120_000 });
  });

  it('ends what was asked to be canceled once the grace is over', () => {
    const asked = carryOut(unresolved, cancel);
    expect(plan(asked)).toMatchObject({ do: 'settle', due: settleUntil });
    expect(carryOut(asked, { type: 'tick', now: settleUntil, contract: contracts.lookup })).toMatchObject({
      phase: 'canceled',
      charge: 'CHARGE_POSSIBLE',
      attempts: [{ status: 'unknown' }],
    });
  });

  it('polls a job, and cancels it at the vendor before it ends the run', () => {
    expect(plan(processing)).toMatchObject({ do: 'poll', due: deadline });
    const asked = carryOut(processing, cancel);
    expect(plan(asked)).toMatchObject({ do: 'cancel-at-vendor', due: start + 122_000 });
    const end = carryOut(asked, { type: 'tick', now: start + 122_000, contract: contracts.lookup });
    expect(end).toMatchObject({
      phase: 'canceled',
      charge: 'CHARGE_POSSIBLE',
      orphans: [{ vendorJobId: 'job-1' }],
    });
  });

  it('gives a vendor its time from the acceptance, where the end was asked for before', () => {
    const found = carryOut(unresolved, heard(accepted(), { now: deadline + minute }));
    expect(plan(found, deadline + minute)).toMatchObject({
      do: 'cancel-at-vendor',
      due: deadline + 3 * minute,
    });
  });

  it('ends at once where the vendor cannot cancel', () => {
    expect(plan(carryOut(processing, cancel), start + 3_000, contracts.blindInline)).toMatchObject({
      do: 'append',
    });
    expect(planGateway(carryOut(processing, cancel), start + 3_000, () => undefined)).toMatchObject({
      do: 'append',
    });
  });

  it('leaves a job for another as ordered, and keeps it on the list of what may cost', () => {
    const ordered = carryOut(processing, {
      type: 'retry',
      ...order(processing),
      model: models[1],
      abandon: true,
      acceptDoubleCharge: true,
    });
    expect(plan(ordered)).toMatchObject({ do: 'cancel-at-vendor', due: start + 123_000 });
    const left = carryOut(ordered, { type: 'tick', now: start + 123_000, contract: contracts.lookup });
    expect(left).toMatchObject({
      phase: 'waiting',
      attempts: [{ status: 'abandoned' }],
      orphans: [{ adopted: false }],
    });
    expect(plan(left, start + 123_000)).toMatchObject({ do: 'submit', model: models[1] });
    const used = carryOut(left, heard(produced(), { now: start + 124_000 }));
    expect(used).toMatchObject({ phase: 'storing', current: 1, orphans: [{ adopted: true }] });
  });

  it('does not let an order that was given of one attempt befall the next', () => {
    const ordered = carryOut(processing, {
      type: 'retry',
      ...order(processing),
      model: null,
      abandon: true,
      acceptDoubleCharge: true,
    });
    const gone = carryOut(ordered, heard({ kind: 'unknown', cause: 'UNKNOWN_CAUSE_JOB_MISSING' }));
    const given = carryOut(gone, {
      type: 'resolve',
      ...order(gone),
      attempt: 1,
      outcome: 'given_up',
      jobId: null,
      acceptDoubleCharge: true,
    });
    const next = carryOut(
      given,
      submit(start + 4_000),
      heard(accepted('job-2'), { attempt: 2, now: start + 5_000 }),
    );
    expect(plan(next, start + 10 * minute)).toMatchObject({ do: 'poll' });
  });

  it('goes to the next model when an unknown submit was the last try that the first one had', () => {
    const late = { ...unresolved, spent: 7 };
    const settled = carryOut(
      late,
      heard({ kind: 'absent', lookedUpAt: start + minute }, { now: start + minute }),
    );
    expect(plan(settled, start + minute)).toMatchObject({
      do: 'submit',
      model: models[1],
      lookUpFirst: [{ number: 1 }],
    });
  });

  it('looks once more for what was unknown before it submits again', () => {
    const failed = carryOut(unresolved, { type: 'tick', now: deadline, contract: contracts.lookup });
    const again = carryOut(failed, {
      type: 'retry',
      ...order(failed),
      now: deadline,
      model: null,
      abandon: false,
      acceptDoubleCharge: true,
    });
    expect(plan(again, deadline)).toMatchObject({
      do: 'submit',
      lookUpFirst: [{ number: 1, status: 'unknown' }],
    });
  });
});

it('takes a used key for something that was taken, also where no list shows it', () => {
  const used = carryOut(submitting, heard({ kind: 'unknown', cause: 'UNKNOWN_CAUSE_KEY_USED' }));
  const late = start + 10 * minute;
  expect(plan(used, late)).toMatchObject({ do: 'settle', settlement: { by: 'look-up', absenceFrom: null } });
  expect(refusalOf(used, heard({ kind: 'absent', lookedUpAt: late }, { now: late }))).toBe(
    'absence_not_proven',
  );
});
