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

describe('an account whose written policy submits anew what nobody can settle', () => {
  const planned = (state: GenerationState, now: number, contract: SubmissionContract) =>
    planGateway(state, now, () => contract, { resubmitsUnknown: (account) => account === 'sim-account' });
  const giveUp = (contract: SubmissionContract, now: number, attempt = 1, random = 0.5): Command => ({
    type: 'give-up',
    now,
    attempt,
    contract,
    random,
    reason: 'as is written',
  });

  it.each([
    ['blind', contracts.blindPolled],
    ['blind, inline', contracts.blindInline],
    ['a listing that proves nothing', contracts.lookupWithoutProof],
  ])('gives it up as soon as the time to tell is over (%s)', (_, contract) => {
    expect(planned(unresolved, settleUntil - 1, contract)).toMatchObject({ do: 'settle', due: settleUntil });
    expect(planned(unresolved, settleUntil, contract)).toMatchObject({ do: 'give-up' });
    expect(planGateway(unresolved, settleUntil, () => contract)).toMatchObject({ do: 'settle' });
    const given = carryOut(unresolved, giveUp(contract, settleUntil));
    expect(given).toMatchObject({ phase: 'waiting', retryAt: settleUntil + 750, gaveUp: false });
    expect(planned(given, settleUntil + 750, contract)).toMatchObject({
      do: 'submit',
      lookUpFirst: [{ number: 1 }],
    });
  });

  it.each([
    ['a listing that proves it', contracts.lookup],
    ['a key that is remembered', contracts.keyedReplay],
    ['a key that is refused', contracts.keyedReject],
  ])('asks on where the vendor can tell (%s)', (_, contract) => {
    expect(planned(unresolved, settleUntil, contract)).toMatchObject({ do: 'settle' });
    expect(refusalOf(unresolved, giveUp(contract, settleUntil))).toBe('not_now');
  });

  it('gives up a key that is forgotten by now', () => {
    const late = start + 601_000;
    expect(planned(unresolved, late, contracts.keyedReplay)).toMatchObject({ do: 'give-up' });
  });

  it.each<[string, GenerationState, number, string]>([
    ['too early', unresolved, settleUntil - 1, 'not_now'],
    ['while the end is asked for', carryOut(unresolved, cancel), settleUntil, 'ending'],
    ['at the deadline', unresolved, deadline, 'ending'],
    ['what runs', processing, settleUntil, 'nothing_new'],
  ])('is refused %s', (_, state, now, why) => {
    expect(refusalOf(state, giveUp(contracts.blindPolled, now))).toBe(why);
  });

  it('does not pay again for what was certainly paid', () => {
    const contract = contracts.blindPolled;
    const charged = carryOut(submitting, heard(accepted(), { contract }));
    const gone = carryOut(
      charged,
      heard({ kind: 'unknown', cause: 'UNKNOWN_CAUSE_JOB_MISSING' }, { contract }),
    );
    const now = gone.attempts[0]?.settleUntil ?? 0;
    expect(refusalOf(gone, giveUp(contract, now))).toBe('double_charge_not_accepted');
    expect(planned(gone, now, contract)).toMatchObject({ do: 'settle' });
  });

  it.each([
    ['for ever', contracts.keyedReject],
    ['for a day', { ...contracts.keyedReject, keyScope: 86_400 }],
    ['for nobody knows how long', { ...contracts.keyedReject, keyScope: null }],
  ] as const)('does not take a used key that is remembered %s for one that was never used', (_, contract) => {
    const used = carryOut(
      unresolved,
      {
        type: 'repeat-submission',
        now: start + 10_000,
        attempt: 1,
        sendBy: start + 15_000,
        contract: contracts.keyedReject,
      },
      heard({ kind: 'unknown', cause: 'UNKNOWN_CAUSE_KEY_USED' }, { contract }),
    );
    expect(planned(used, start + 10 * minute, contract)).toMatchObject({ do: 'settle' });
  });

  it('leaves a repeat the time that the first submit had', () => {
    const late = start + 589_000;
    const sendBy = late + 5_000;
    const repeated = carryOut(unresolved, {
      type: 'repeat-submission',
      now: late,
      attempt: 1,
      sendBy,
      contract: contracts.keyedReplay,
    });
    const open = sendBy + 2 * minute;
    expect(planned(repeated, open - 1, contracts.keyedReplay)).toMatchObject({ do: 'settle', due: open });
    expect(planned(repeated, open, contracts.keyedReplay)).toMatchObject({ do: 'give-up' });
  });

  it('keeps a question that no submit could follow', () => {
    const now = deadline - 900;
    expect(refusalOf(unresolved, giveUp(contracts.blindPolled, now, 1, 0.9))).toBe('past_deadline');
    expect(planned(unresolved, now, contracts.blindPolled)).toMatchObject({ do: 'settle' });
  });

  it('says at the deadline that nobody knows, where what was given up was not submitted anew', () => {
    const given = carryOut(unresolved, giveUp(contracts.blindPolled, settleUntil));
    const end = carryOut(given, { type: 'tick', now: deadline, contract: contracts.blindPolled });
    expect(end).toMatchObject({ phase: 'failed', error: { code: 'ERROR_CODE_OUTCOME_UNKNOWN' } });
  });

  it('does not pay again where the key was used, and nobody knows how long it is remembered', () => {
    const contract = { ...contracts.keyedReject, keyScope: null };
    const used = carryOut(submitting, heard({ kind: 'unknown', cause: 'UNKNOWN_CAUSE_KEY_USED' }));
    const late = start + 10 * minute;
    expect(planned(used, late, contract)).toMatchObject({ do: 'settle' });
    expect(planned(unresolved, late, contract)).toMatchObject({ do: 'give-up' });
  });

  it('goes to no other model of the route: the second charge was accepted for this account', () => {
    const refusal = {
      kind: 'refused',
      failureClass: 'FAILURE_CLASS_VENDOR_FAULT',
      vendorCode: '',
      vendorMessage: '',
      retryAfterSeconds: null,
    } as const;
    const lastTry = (state: GenerationState, now: number): GenerationState =>
      carryOut(
        { ...state, spent: 7 },
        submit(now),
        heard(refusal, { attempt: state.attempts.length + 1, now }),
      );
    const given = carryOut(unresolved, giveUp(contracts.blindPolled, settleUntil));
    expect(lastTry(given, settleUntil + minute)).toMatchObject({ phase: 'failed', nextModel: null });
    // As long as there may be two.
    const found = carryOut(
      given,
      heard(refusal, { now: settleUntil + 1_000, contract: contracts.blindPolled }),
    );
    expect(found.attempts[0]).toMatchObject({ charge: 'CHARGE_NONE' });
    expect(lastTry(found, settleUntil + minute)).toMatchObject({ phase: 'waiting', nextModel: models[1] });
    // Any other run goes on along it.
    expect(lastTry(fresh, start)).toMatchObject({ phase: 'waiting', nextModel: models[1] });
  });

  it('gives up no third one, whatever became known of the first', () => {
    const given = carryOut(unresolved, giveUp(contracts.blindPolled, settleUntil));
    const sent = carryOut(given, submit(settleUntil + minute));
    const second = carryOut(
      sent,
      heard(lost, { attempt: 2, now: settleUntil + minute }),
      heard(accepted('job-1'), {
        attempt: 1,
        now: settleUntil + 2 * minute,
        contract: contracts.blindPolled,
      }),
    );
    expect(second).toMatchObject({ current: 2, attempts: [{ status: 'accepted' }, { status: 'unknown' }] });
    const now = second.attempts[1]?.settleUntil ?? 0;
    expect(planned(second, now, contracts.blindPolled)).toMatchObject({ do: 'settle' });
    expect(refusalOf(second, giveUp(contracts.blindPolled, now, 2))).toBe('too_many');
  });

  it('gives up one of a run, and leaves the next to a person', () => {
    const given = carryOut(unresolved, giveUp(contracts.blindPolled, settleUntil));
    const sent = carryOut(given, submit(settleUntil + minute));
    const second = carryOut(sent, heard(lost, { attempt: 2, now: settleUntil + minute }));
    const now = second.attempts[1]?.settleUntil ?? 0;
    expect(refusalOf(second, giveUp(contracts.blindPolled, now, 2))).toBe('too_many');
    expect(planned(second, now, contracts.blindPolled)).toMatchObject({ do: 'settle' });
  });
});
