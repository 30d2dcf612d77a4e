import type { Command, CommandOf } from './commands.js';
import type { GenerationState } from './state.js';
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
  refusalOf,
  start,
  submit,
} from './testing/a-generation.js';
import { contracts } from './testing/contracts.js';

const fresh = aGeneration();
const submitting = carryOut(fresh, submit());
const processing = carryOut(submitting, heard(accepted()));
const unresolved = carryOut(submitting, heard(lost));
const storing = carryOut(processing, heard(produced()));
const contract = contracts.lookup;
const unknownEnd = carryOut(unresolved, { type: 'tick', now: deadline, contract });
const freeEnd = carryOut(fresh, { type: 'tick', now: deadline, contract });
const later = start + 5 * minute;

const ops = (state: GenerationState, now = later) => ({
  now,
  reason: 'because',
  expectedDecisionVersion: state.decisionVersion,
});
const retry = (state: GenerationState, changes: Partial<CommandOf<'retry'>> = {}): Command => ({
  type: 'retry',
  ...ops(state),
  model: null,
  abandon: false,
  acceptDoubleCharge: false,
  ...changes,
});
const resolve = (
  state: GenerationState,
  outcome: CommandOf<'resolve'>['outcome'],
  changes: Partial<CommandOf<'resolve'>> = {},
): Command => ({
  type: 'resolve',
  ...ops(state),
  attempt: 1,
  outcome,
  jobId: outcome === 'found' ? 'job-1' : null,
  acceptDoubleCharge: false,
  ...changes,
});
const adopt = (state: GenerationState): Command => ({
  type: 'adopt',
  ...ops(state, deadline + minute),
  attempt: 1,
  jobId: null,
});
const fail = (state: GenerationState): Command => ({ type: 'fail', ...ops(state) });
const extend = (state: GenerationState, to: number): Command => ({
  type: 'extend',
  ...ops(state),
  deadline: to,
});
const cancel = (state: GenerationState): Command => ({
  type: 'cancel',
  by: 'REQUESTER_OPERATOR',
  ...ops(state),
});

it('refuses what was decided upon an older state, and lets noise pass', () => {
  const noisy = carryOut(processing, { type: 'mark-stalled', since: start });
  expect(noisy.decisionVersion).toBe(processing.decisionVersion);
  expect(refusalOf(noisy, fail(processing))).toBeUndefined();
  const cancelled = carryOut(processing, cancel(processing));
  const commands = [
    retry(processing),
    resolve(processing, 'found'),
    adopt(processing),
    fail(processing),
    extend(processing, deadline + 1),
  ];
  for (const command of commands) expect(refusalOf(cancelled, command)).toBe('stale_decision');
});

describe('retry', () => {
  it.each<[string, GenerationState, Partial<CommandOf<'retry'>>, string | undefined]>([
    ['hurries what waits', fresh, {}, undefined],
    ['not while a submit is in flight', submitting, {}, 'not_now'],
    ['not before an open question is answered', unresolved, {}, 'resolve_first'],
    ['not while its job runs', processing, {}, 'not_now'],
    [
      'leaves a job only at the price of a second charge',
      processing,
      { abandon: true },
      'double_charge_not_accepted',
    ],
    ['leaves a job', processing, { abandon: true, acceptDoubleCharge: true }, undefined],
    ['not while images are stored', storing, {}, 'too_late'],
    ['starts again what cost nothing', freeEnd, {}, undefined],
    [
      'starts again over a question only at the price of a second charge',
      unknownEnd,
      {},
      'double_charge_not_accepted',
    ],
    ['starts again over a question', unknownEnd, { acceptDoubleCharge: true }, undefined],
    ['only on the route', fresh, { model: 'nobody/else' }, 'unknown_model'],
    [
      'not what was canceled',
      carryOut(fresh, cancel(fresh), { type: 'tick', now: later, contract }),
      {},
      'already_final',
    ],
    ['not what asks to end', carryOut(fresh, cancel(fresh)), {}, 'ending'],
  ])('%s', (_what, state, changes, reason) => {
    expect(refusalOf(state, retry(state, changes))).toBe(reason);
  });

  it('starts a run of its own: another deadline, limits untouched, nothing asked', () => {
    const again = carryOut(
      unknownEnd,
      retry(unknownEnd, { now: deadline + minute, acceptDoubleCharge: true, model: models[1] }),
    );
    expect(again).toMatchObject({
      phase: 'requested',
      run: 2,
      spent: 0,
      current: null,
      error: null,
      charge: null,
      nextModel: models[1],
    });
    expect(again.deadline).toBe(deadline + 31 * minute);
    expect(carryOut(again, submit(deadline + minute)).attempts).toMatchObject([
      { number: 1 },
      { number: 2, run: 2 },
    ]);
  });

  it('accepts a second charge of what may cost now, and not of what turns up later', () => {
    const failed = carryOut(processing, heard(ended('ATTEMPT_END_MODERATED')));
    const again = carryOut(failed, retry(failed, { acceptDoubleCharge: true }), heard(accepted('job-2')));
    expect(refusalOf(again, submit(later))).toBe('double_charge_not_accepted');
    expect(carryOut(again, { type: 'tick', now: later, contract })).toMatchObject({
      phase: 'failed',
      charge: 'CHARGE_POSSIBLE',
    });
  });
});

describe('resolve', () => {
  it.each<[string, GenerationState, Command, string | undefined]>([
    ['found', unresolved, resolve(unresolved, 'found'), undefined],
    ['found, with no job', unresolved, resolve(unresolved, 'found', { jobId: null }), 'job_id_missing'],
    ['found, while its answer is awaited', submitting, resolve(submitting, 'found'), 'not_now'],
    [
      'not there, while the machine settles',
      unresolved,
      resolve(unresolved, 'not_there', { now: start + minute }),
      'not_now',
    ],
    ['not there', unresolved, resolve(unresolved, 'not_there'), undefined],
    ['given up at once', unresolved, resolve(unresolved, 'given_up', { now: start + 2_000 }), undefined],
    ['given up, running', processing, resolve(processing, 'given_up'), 'nothing_new'],
    ['not there, once accepted', processing, resolve(processing, 'not_there'), 'was_accepted'],
    ['after the end', unknownEnd, resolve(unknownEnd, 'given_up'), undefined],
    [
      'an attempt that never was',
      unresolved,
      resolve(unresolved, 'found', { attempt: 9 }),
      'unknown_attempt',
    ],
  ])('%s', (_what, state, command, reason) => {
    expect(refusalOf(state, command)).toBe(reason);
  });

  it('waits for a repeat as for the first send', () => {
    const sendBy = start + 125_000;
    const keyed = contracts.keyedReplay;
    const repeated = carryOut(unresolved, {
      type: 'repeat-submission',
      now: start + 120_000,
      attempt: 1,
      sendBy,
      contract: keyed,
    });
    expect(refusalOf(repeated, resolve(repeated, 'not_there', { now: sendBy + minute }))).toBe('not_now');
    expect(refusalOf(repeated, resolve(repeated, 'not_there', { now: sendBy + 2 * minute }))).toBeUndefined();
  });

  it('ends the run that is given up without accepting a second charge', () => {
    const given = carryOut(unresolved, resolve(unresolved, 'given_up'));
    expect(refusalOf(given, submit(later))).toBe('ending');
    expect(carryOut(given, { type: 'tick', now: later, contract })).toMatchObject({
      phase: 'failed',
      error: { code: 'ERROR_CODE_OUTCOME_UNKNOWN' },
      charge: 'CHARGE_POSSIBLE',
    });
  });

  it('lets a run go on whose attempt was given up and is then disproved', () => {
    const given = carryOut(unresolved, resolve(unresolved, 'given_up'));
    const disproved = carryOut(given, heard({ kind: 'absent', lookedUpAt: later }, { now: later }));
    expect(refusalOf(disproved, submit(later))).toBeUndefined();
  });

  it('goes on at the price of a second charge', () => {
    const given = carryOut(unresolved, resolve(unresolved, 'given_up', { acceptDoubleCharge: true }));
    expect(carryOut(given, submit(later))).toMatchObject({ phase: 'submitting', current: 2 });
  });
});

describe('adopt', () => {
  const canceled = carryOut(processing, cancel(processing), { type: 'tick', now: deadline, contract });

  it('takes a paid orphan up as a run of its own', () => {
    const adopted = carryOut(canceled, adopt(canceled));
    expect(adopted).toMatchObject({
      phase: 'processing',
      run: 2,
      current: 1,
      cancelAsked: null,
      orphans: [{ adopted: true }],
    });
    expect(carryOut(adopted, heard(produced(), { now: deadline + minute })).phase).toBe('storing');
  });

  it('keeps the job on the bill whose place it takes', () => {
    const two = carryOut(processing, heard(accepted('job-2')), heard(produced()));
    const unrecoverable = carryOut(two, fail(two), { type: 'conclude-storing', now: later });
    const adopted = carryOut(unrecoverable, { ...adopt(unrecoverable), jobId: 'job-2' } as Command);
    const over = carryOut(
      adopted,
      heard(ended('ATTEMPT_END_MODERATED', 'job-2'), { now: deadline + minute }),
    );
    expect(over).toMatchObject({ phase: 'failed', charge: 'CHARGE_CERTAIN' });
  });

  it.each<[string, GenerationState, string]>([
    ['nothing', unknownEnd, 'nothing_new'],
    ['while a submit is in flight', submitting, 'resolve_first'],
    ['while a job runs', processing, 'too_late'],
  ])('does not adopt %s', (_what, state, reason) => {
    expect(refusalOf(state, adopt(state))).toBe(reason);
  });
});

describe('the other orders', () => {
  it('ends as ordered once the vendor’s side is settled', () => {
    expect(carryOut(fresh, fail(fresh), { type: 'tick', now: later, contract })).toMatchObject({
      phase: 'failed',
      error: { code: 'ERROR_CODE_FAILED_BY_OPERATOR' },
    });
    expect(refusalOf(unknownEnd, fail(unknownEnd))).toBe('already_final');
    const ordered = carryOut(submitting, fail(submitting));
    expect(refusalOf(ordered, fail(ordered))).toBe('already_asked');
  });

  it('moves a deadline only forward', () => {
    expect(refusalOf(fresh, extend(fresh, deadline))).toBe('not_forward');
    expect(carryOut(fresh, extend(fresh, deadline + minute)).deadline).toBe(deadline + minute);
    expect(
      refusalOf(fresh, { ...extend(fresh, deadline + minute), now: deadline + 2 * minute } as Command),
    ).toBe('not_forward');
  });

  it('cancels once', () => {
    const asked = carryOut(submitting, cancel(submitting));
    expect(refusalOf(asked, cancel(asked))).toBe('already_asked');
    expect(refusalOf(storing, cancel(storing))).toBe('too_late');
    expect(refusalOf(unknownEnd, cancel(unknownEnd))).toBe('already_final');
  });

  it('marks a stay as stalled once', () => {
    const stalled = carryOut(processing, { type: 'mark-stalled', since: start });
    expect(refusalOf(stalled, { type: 'mark-stalled', since: start })).toBe('already_asked');
    expect(eventsOf(processing, { type: 'mark-stalled', since: start })).toMatchObject([
      { data: { state: 'processing', enteredAtVersion: processing.phaseVersion } },
    ]);
  });

  it('erases only what is over, and starts nothing again that was erased', () => {
    const erase: Command = { type: 'erase', reason: 'asked' };
    expect(refusalOf(processing, erase)).toBe('not_final');
    const erased = carryOut(freeEnd, erase);
    expect(refusalOf(erased, erase)).toBe('already_erased');
    expect(refusalOf(erased, retry(erased))).toBe('already_erased');
  });

  it('takes no pictures for what was erased', () => {
    const hook = (body: string | null, stagingKey: string): Command => ({
      type: 'notify',
      attempt: 1,
      vendor: 'sim',
      notificationId: 'n',
      bodySha256: 'n',
      signed: true,
      body,
      stagingKey,
    });
    const erased = carryOut(unknownEnd, { type: 'erase', reason: 'asked' });
    expect(refusalOf(unknownEnd, hook(null, 'staging/x'))).toBeUndefined();
    expect(refusalOf(erased, hook(null, 'staging/x'))).toBe('already_erased');
    expect(refusalOf(erased, hook('{}', ''))).toBeUndefined();
  });

  it('records a webhook once, at most eight times, and only while it may tell anything', () => {
    const hook = (body: string): Command => ({
      type: 'notify',
      attempt: 1,
      vendor: 'sim',
      notificationId: body,
      bodySha256: body,
      signed: true,
      body,
      stagingKey: '',
    });
    let state = carryOut(processing, hook('a'));
    expect(refusalOf(state, hook('a'))).toBe('nothing_new');
    for (const body of 'bcdefgh') state = carryOut(state, hook(body));
    expect(refusalOf(state, hook('i'))).toBe('too_many');
    expect(refusalOf(unknownEnd, hook('a'))).toBeUndefined();
    expect(refusalOf(storing, hook('a'))).toBe('nothing_new');
    expect(refusalOf(fresh, hook('a'))).toBe('unknown_attempt');
  });
});
