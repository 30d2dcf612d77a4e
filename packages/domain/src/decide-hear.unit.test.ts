import type { UnknownCause } from '@darkroom/contract';
import type { VendorNews } from './commands.js';
import { attemptOf, type GenerationState } from './state.js';
import {
  accepted,
  aGeneration,
  carryOut,
  deadline,
  ended,
  eventsOf,
  heard,
  lost,
  minute,
  models,
  produced,
  record,
  refusalOf,
  start,
  submit,
} from './testing/a-generation.js';
import { contracts } from './testing/contracts.js';

const absent = (lookedUpAt: number): VendorNews => ({ kind: 'absent', lookedUpAt });
const notSent: VendorNews = { kind: 'not_sent', failureClass: 'FAILURE_CLASS_TIMEOUT', reason: 'send_by' };
const refusedBecause = (
  failureClass: Extract<VendorNews, { kind: 'refused' }>['failureClass'],
): VendorNews => ({
  kind: 'refused',
  failureClass,
  vendorCode: '',
  vendorMessage: '',
  retryAfterSeconds: null,
});

const submitting = carryOut(aGeneration(), submit());
const processing = carryOut(submitting, heard(accepted()));
const unresolved = carryOut(submitting, heard(lost));
const waiting = carryOut(submitting, heard(notSent));
const storing = carryOut(processing, heard(produced()));
const cancel = { type: 'cancel', now: start + 2_000, by: 'REQUESTER_CLIENT', reason: '' } as const;
const late = { now: start + 40 * minute };

const told = (state: GenerationState, news: VendorNews, more: Parameters<typeof heard>[1] = {}): string[] =>
  eventsOf(state, heard(news, more)).map(({ type }) => type);

describe('what is heard of the current attempt', () => {
  it.each<[string, GenerationState, VendorNews, string[]]>([
    ['accepted', submitting, accepted(), ['SubmissionAccepted']],
    ['lost', submitting, lost, ['SubmissionOutcomeUnknown']],
    ['images at once', submitting, produced(null), ['OutputsProduced']],
    ['images of a job', submitting, produced(), ['SubmissionAccepted', 'OutputsProduced']],
    ['not sent', submitting, notSent, ['AttemptFailed']],
    ['failed at once', submitting, ended(undefined, null), ['AttemptFailed']],
    [
      'an invalid request ends the run',
      submitting,
      refusedBecause('FAILURE_CLASS_INVALID_REQUEST'),
      ['AttemptFailed', 'GenerationFailed'],
    ],
    ['found', unresolved, accepted(), ['SubmissionResolved']],
    ['found with images', unresolved, produced(), ['SubmissionResolved', 'OutputsProduced']],
    ['found and ended', unresolved, ended(), ['SubmissionResolved', 'AttemptFailed']],
    ['staged images', unresolved, produced(null), ['OutputsProduced']],
    ['the sender says that nothing was sent', unresolved, notSent, ['SubmissionResolved']],
    ['images', processing, produced(), ['OutputsProduced']],
    ['failed free of charge', processing, ended(), ['AttemptFailed']],
    ['moderated', processing, ended('ATTEMPT_END_MODERATED'), ['AttemptFailed', 'GenerationFailed']],
    ['another job than its own', processing, accepted('job-2'), ['PaidOrphanRecorded']],
    [
      'the job is missing',
      processing,
      { kind: 'unknown', cause: 'UNKNOWN_CAUSE_JOB_MISSING' },
      ['SubmissionOutcomeUnknown'],
    ],
    ['it was accepted after all', waiting, accepted(), ['SubmissionResolved']],
    ['it made images after all', waiting, produced(), ['SubmissionResolved', 'OutputsProduced']],
  ])('%s', (_what, state, news, types) => {
    expect(told(state, news)).toEqual(types);
  });

  it.each<[string, GenerationState, VendorNews, string]>([
    ['the same acceptance again', processing, accepted(), 'nothing_new'],
    ['a refusal of what was accepted', processing, notSent, 'was_accepted'],
    ['a lost answer of what was accepted', processing, lost, 'nothing_new'],
    ['images that are being stored', storing, produced(), 'nothing_new'],
    ['an empty listing too early', unresolved, absent(start + 29_000), 'absence_not_proven'],
  ])('%s is no news', (_what, state, news, reason) => {
    expect(refusalOf(state, heard(news))).toBe(reason);
  });

  it('takes an empty listing for proof once everything that was sent would be in it', () => {
    const settled = carryOut(unresolved, heard(absent(start + 30_000), { now: start + 31_000 }));
    expect(settled).toMatchObject({
      phase: 'waiting',
      attempts: [{ status: 'not_there', charge: 'CHARGE_NONE' }],
    });
    const { keyedReplay, lookupWithoutProof } = contracts;
    for (const contract of [keyedReplay, lookupWithoutProof])
      expect(refusalOf(unresolved, heard(absent(deadline), { contract }))).toBe('absence_not_proven');
  });

  it('does not let the fate of the first send settle the same bytes sent again', () => {
    const contract = contracts.keyedReplay;
    const repeated = carryOut(unresolved, {
      type: 'repeat-submission',
      now: start + 10_000,
      attempt: 1,
      sendBy: start + 15_000,
      contract,
    });
    expect(refusalOf(repeated, heard(notSent, { contract }))).toBe('absence_not_proven');
  });

  describe('what the same bytes sent again were answered with', () => {
    const contract = contracts.keyedReject;
    const evidence = {
      responseStatus: 422,
      responseBody: 'used',
      error: '',
      stagingKey: '',
      observedAt: '2026-01-01T00:00:12Z',
      requestId: '',
      request: '',
    };
    const answered = (cause: UnknownCause) =>
      heard({ kind: 'unknown', cause, evidence }, { contract, now: start + 12_000 });
    const repeated = carryOut(unresolved, {
      type: 'repeat-submission',
      now: start + 10_000,
      attempt: 1,
      sendBy: start + 15_000,
      contract,
    });

    it('is evidence of the same question: neither its age nor its grace begins anew', () => {
      const [event] = eventsOf(repeated, answered('UNKNOWN_CAUSE_KEY_USED'));
      const [before] = unresolved.attempts;
      expect(event).toMatchObject({
        type: 'SubmissionOutcomeUnknown',
        data: { cause: 'UNKNOWN_CAUSE_KEY_USED', evidence },
      });
      const then = carryOut(repeated, answered('UNKNOWN_CAUSE_KEY_USED'));
      expect(then).toMatchObject({
        phase: 'unresolved',
        phaseSince: unresolved.phaseSince,
        attempts: [
          {
            status: 'unknown',
            unknownCause: 'UNKNOWN_CAUSE_KEY_USED',
            unknownSince: before?.unknownSince,
            settleUntil: before?.settleUntil,
            repeats: 1,
          },
        ],
      });
    });

    it('is recorded as far as it tells more than what is on record', () => {
      const refused = carryOut(
        repeated,
        answered('UNKNOWN_CAUSE_UNREADABLE'),
        answered('UNKNOWN_CAUSE_REPEAT_REFUSED'),
      );
      for (const cause of ['UNKNOWN_CAUSE_UNREADABLE', 'UNKNOWN_CAUSE_REPEAT_REFUSED'] as const)
        expect(refusalOf(refused, answered(cause))).toBe('nothing_new');
      for (const cause of ['UNKNOWN_CAUSE_REPLY_LOST', 'UNKNOWN_CAUSE_TIMEOUT'] as const)
        expect(refusalOf(repeated, answered(cause))).toBe('nothing_new');
      const used = carryOut(refused, answered('UNKNOWN_CAUSE_KEY_USED'));
      for (const cause of ['UNKNOWN_CAUSE_UNREADABLE', 'UNKNOWN_CAUSE_KEY_USED'] as const)
        expect(refusalOf(used, answered(cause))).toBe('nothing_new');
    });

    it('is nothing where nothing was sent again, or a job is on record', () => {
      const used = answered('UNKNOWN_CAUSE_KEY_USED');
      expect(refusalOf(unresolved, used)).toBe('nothing_new');
      expect(refusalOf(carryOut(repeated, heard(accepted(), { contract })), used)).toBe('nothing_new');
    });

    it('takes the proof from an empty listing, where it says that the key was used', () => {
      const listed = { ...contract, absence: 'proof' } as const;
      const late = start + 10 * minute;
      const empty = heard(absent(late), { contract: listed, now: late });
      expect(refusalOf(repeated, empty)).toBeUndefined();
      expect(refusalOf(carryOut(repeated, answered('UNKNOWN_CAUSE_KEY_USED')), empty)).toBe(
        'absence_not_proven',
      );
    });
  });

  it('gives each image that was asked for one place, whatever a vendor says', () => {
    const twice = produced('job-1', 4);
    if (twice.kind !== 'produced') throw new Error('not produced');
    const [first] = twice.outputs;
    const outputs = [...twice.outputs, ...(first === undefined ? [] : [first, { ...first, index: -1 }])];
    expect(carryOut(processing, heard({ ...twice, outputs })).outputs.map(({ index }) => index)).toEqual([
      0, 1,
    ]);
  });
});

describe('what is heard while the end is asked for', () => {
  it('comes before the end, in one append', () => {
    const asked = carryOut(submitting, cancel);
    expect(told(asked, accepted())).toEqual(['SubmissionAccepted']);
    expect(told(asked, notSent)).toEqual(['AttemptFailed', 'GenerationCanceled']);
    expect(told(asked, produced(null))).toEqual(['PaidOrphanRecorded', 'GenerationCanceled']);
    expect(carryOut(asked, heard(produced(null)))).toMatchObject({
      phase: 'canceled',
      charge: 'CHARGE_CERTAIN',
    });
    expect(told(carryOut(unresolved, cancel), produced())).toEqual([
      'SubmissionResolved',
      'PaidOrphanRecorded',
      'GenerationCanceled',
    ]);
  });
});

describe('what is heard of an earlier attempt', () => {
  const failed = carryOut(unresolved, { type: 'tick', now: deadline + minute, contract: contracts.lookup });
  const retry = {
    type: 'retry',
    now: deadline + 2 * minute,
    reason: '',
    model: null,
    abandon: false,
  } as const;
  const again = carryOut(failed, {
    ...retry,
    acceptDoubleCharge: true,
    expectedDecisionVersion: failed.decisionVersion,
  });
  const resubmitted = carryOut(again, submit(late.now, { model: models[1] }));

  it('is an orphan after the end', () => {
    expect(failed).toMatchObject({
      phase: 'failed',
      error: { code: 'ERROR_CODE_OUTCOME_UNKNOWN' },
      charge: 'CHARGE_POSSIBLE',
    });
    expect(told(failed, produced(), late)).toEqual(['SubmissionResolved', 'PaidOrphanRecorded']);
    expect(carryOut(failed, heard(produced(), late)).charge).toBe('CHARGE_CERTAIN');
  });
  it('is adopted instead of submitting again', () => {
    expect(carryOut(again, heard(accepted(), late))).toMatchObject({
      phase: 'processing',
      run: 2,
      current: 1,
    });
  });
  it('is an orphan once something newer was started', () => {
    expect(told(resubmitted, accepted(), late)).toEqual(['SubmissionResolved', 'PaidOrphanRecorded']);
    const both = carryOut(resubmitted, heard(accepted(), late));
    expect(both).toMatchObject({
      phase: 'submitting',
      current: 2,
      orphans: [{ attempt: 1, vendorJobId: 'job-1' }],
    });
  });
  it('lowers the bill of a run that has ended when it is disproved', () => {
    expect(carryOut(failed, heard(absent(late.now), late))).toMatchObject({
      phase: 'failed',
      charge: 'CHARGE_NONE',
    });
  });
  it('does not give its job to another attempt', () => {
    const known = carryOut(resubmitted, heard(accepted(), late));
    expect(told(known, accepted(), { ...late, attempt: 2 })).toEqual(['SubmissionOutcomeUnknown']);
    const unknown = carryOut(known, heard(lost, { ...late, attempt: 2 }));
    expect(refusalOf(unknown, heard(accepted(), { ...late, attempt: 2 }))).toBe('job_id_taken');
  });
  it('loses a job that was named by mistake and is another generation’s: the question is open as before', () => {
    const named = carryOut(unresolved, {
      type: 'resolve',
      now: late.now,
      reason: 'seen in their console',
      expectedDecisionVersion: unresolved.decisionVersion,
      attempt: 1,
      outcome: 'found',
      jobId: 'job-9',
      acceptDoubleCharge: false,
    });
    expect(named).toMatchObject({ phase: 'processing', attempts: [{ vendorJobId: 'job-9' }] });
    const taken = { kind: 'unknown', cause: 'UNKNOWN_CAUSE_JOB_ID_TAKEN' } as const;
    const open = carryOut(named, heard(taken, late));
    expect(open).toMatchObject({
      phase: 'unresolved',
      attempts: [{ status: 'unknown', vendorJobId: null, everAccepted: false, charge: 'CHARGE_POSSIBLE' }],
    });
    expect(carryOut(open, heard(accepted('job-1'), late))).toMatchObject({
      phase: 'processing',
      attempts: [{ vendorJobId: 'job-1' }],
      orphans: [],
    });
  });
  it('uses images that a job made after its run had ended without it', () => {
    const ordered = carryOut(processing, cancel);
    const end = carryOut(ordered, { type: 'tick', now: cancel.now + 120_000, contract: contracts.lookup });
    expect(end).toMatchObject({ phase: 'canceled', orphans: [{ vendorJobId: 'job-1', adopted: false }] });
    expect(refusalOf(end, heard(produced()))).toBe('nothing_new');
  });
  it('keeps what another job may cost when the attempt itself ends free of charge', () => {
    const two = carryOut(processing, heard(accepted('job-2')), heard(ended()));
    expect(attemptOf(two, 1)?.charge).toBe('CHARGE_POSSIBLE');
    expect(refusalOf(two, submit(start + minute))).toBe('double_charge_not_accepted');
  });
});

describe('where the vendor said that its job is asked for', () => {
  const there = { ...accepted(), jobUrl: 'https://us1.vendor.example/1' } as VendorNews;
  const address = (state: GenerationState) => attemptOf(state, 1)?.vendorJobUrl;

  it('is kept, whether the answer came or was found later', () => {
    expect(address(processing)).toBeNull();
    expect(address(carryOut(submitting, heard(there)))).toBe('https://us1.vendor.example/1');
    expect(address(carryOut(unresolved, heard(there)))).toBe('https://us1.vendor.example/1');
  });

  it('is not where another job of the attempt is', () => {
    const left = carryOut(carryOut(submitting, heard(there)), heard(accepted('another-job')));
    const orphan = left.orphans.find(({ vendorJobId }) => vendorJobId === 'another-job');
    expect(orphan).toBeDefined();
    const failed = carryOut(left, heard(ended('ATTEMPT_END_MODERATED')));
    const adopted = carryOut(failed, {
      type: 'adopt',
      now: start + 3_000,
      reason: '',
      expectedDecisionVersion: failed.decisionVersion,
      attempt: 1,
      jobId: 'another-job',
    });
    expect(adopted.attempts).toMatchObject([{ vendorJobId: 'another-job', vendorJobUrl: null }]);
  });
});

describe('a price in the answer to a submit', () => {
  const priced = { ...accepted(), cost: { micros: '40000', currency: 'USD' } } as VendorNews;

  it('is kept where something else told of the job first, and once', () => {
    for (const known of [processing, storing]) {
      const then = carryOut(known, heard(priced));
      expect(told(known, priced)).toEqual(['CostRecorded']);
      expect(attemptOf(then, 1)?.cost).toEqual({ micros: '40000', currency: 'USD' });
      expect(refusalOf(then, heard(priced))).toBe('nothing_new');
    }
  });

  it('does not stand over what the vendor has said of the job since', () => {
    const known = carryOut(
      processing,
      heard({ ...produced(), cost: { micros: '70000', currency: 'USD' } } as VendorNews),
    );
    expect(refusalOf(known, heard(priced))).toBe('nothing_new');
  });
});

it('tries again what the vendor bills nothing for, whatever its contract says of failures', () => {
  const contract = { ...contracts.lookup, failedRunsCharged: true };
  const charged = carryOut(processing, heard(ended(), { contract }));
  expect(charged).toMatchObject({ phase: 'failed', charge: 'CHARGE_CERTAIN' });
  const free = { ...ended(), isFree: true } as VendorNews;
  expect(carryOut(processing, heard(free, { contract }))).toMatchObject({ phase: 'waiting' });
});

it('folds what was recorded at any time the same way', () => {
  const events = eventsOf(submitting, heard(produced()));
  expect(record(submitting, events, deadline)).toMatchObject({ phase: 'storing', run: 1 });
});
