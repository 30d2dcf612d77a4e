import 'reflect-metadata';
import type { RecordedEvent } from '@darkroom/event-store';
import { charges, isProduced, isQuestion, statusesOf, type VendorModel, vendorModels } from './endings.js';
import { SmallWorld } from './small-world.js';

/**
 * The crash table where gateway A is not dead: it stands still or has lost its database, and comes back. Line 7 is its last,
 * so that one which passed it has said all that it had to say.
 */
const askedForByReference = ['standard', 'keyed', 'reject'] as const;

const cameTooLate = (event: RecordedEvent): boolean =>
  event.type === 'AttemptFailed' && event.data.vendorMessage.startsWith('send_by:');

/** Judges one run, but for one that came too late to send where that is excused. @returns whether it was excused */
async function isTooLate(model: VendorModel, mayBeLate: boolean): Promise<boolean> {
  return SmallWorld.with(async (here) => {
    const wire = await here.wire('SubmissionStarted', 'answer');
    await here.start('provider-gateway', undefined, wire.url);
    const generation = await here.request(model);
    await wire.kept();
    wire.cut();
    wire.mend();
    const state = await here.when('produced', generation, 60, isProduced);
    const events = await here.events(generation);
    if (mayBeLate && events.some(cameTooLate)) return true;
    expect(statusesOf(state)).toEqual(['produced']);
    const types = events.map(({ type }) => type);
    expect(types.filter((type) => type === 'SubmissionStarted')).toHaveLength(1);
    expect(types).not.toContain('SubmissionOutcomeUnknown');
    expect(await here.ledger()).toHaveLength(1);
    return false;
  });
}

describe('line 2: the answer to the commit of an intent was lost', () => {
  it.concurrent.each(vendorModels)(
    'and the gateway reads it again by its id: it goes on, one intent, one submit: %s',
    async (model) => {
      // A machine too busy to send in time shows nothing of what is sent in time: it is given another try or two.
      for (let tries = 1; await isTooLate(model, tries < 3); tries += 1);
    },
  );

  it.concurrent(
    'and the database stays away past send_by: nothing is sent under it, which the gateway says; then it submits anew',
    async () =>
      SmallWorld.with(async (here) => {
        const wire = await here.wire('SubmissionStarted', 'answer');
        await here.start('provider-gateway', undefined, wire.url);
        const generation = await here.request('blind');
        await wire.kept();
        wire.cut();
        const started = await here.state(generation);
        const sendBy = started.attempts[0]?.sendBy ?? Infinity;
        await here.when('past send_by', generation, 20, () => Date.now() > sendBy);
        expect(await here.ledger()).toEqual([]);
        wire.mend();
        const state = await here.when('produced', generation, 60, isProduced);
        expect(statusesOf(state)).toEqual(['not_sent', 'produced']);
        expect(await here.ledger()).toHaveLength(1);
      }),
  );
});

describe('line 3: a gateway that stood still before its first byte, past its lease, while another took over', () => {
  it.concurrent.each([
    { model: 'standard', attempts: ['not_there', 'produced'] },
    { model: 'keyed', attempts: ['produced'] },
    { model: 'reject', attempts: ['not_there', 'produced'] },
  ] as const)(
    'sends nothing and changes nothing when the other has settled it: $model',
    async ({ model, attempts }) =>
      SmallWorld.with(async (here) => {
        const a = await here.start('provider-gateway', { line: 3, signal: 'SIGSTOP' });
        const generation = await here.request(model);
        await a.reached(3);
        await here.start('provider-gateway');
        const taken = await here.when('B produced', generation, 60, isProduced);
        expect(statusesOf(taken)).toEqual(attempts);
        const bill = await here.ledger();
        a.continue();
        await a.passed(7);
        expect((await here.state(generation)).version).toBe(taken.version);
        expect(await here.ledger()).toEqual(bill);
        expect(charges(bill)).toBe(1);
      }),
  );

  it.concurrent.each(['blind', 'inline'] as const)(
    'settles the open question by its word that nothing was sent: %s',
    async (model) =>
      SmallWorld.with(async (here) => {
        const a = await here.start('provider-gateway', { line: 3, signal: 'SIGSTOP' });
        const generation = await here.request(model);
        await a.reached(3);
        await here.start('provider-gateway');
        await here.when('B does not know', generation, 60, isQuestion);
        a.continue();
        const state = await here.when('settled', generation, 60, isProduced);
        expect(statusesOf(state)).toEqual(['not_sent', 'produced']);
        expect(await here.ledger()).toHaveLength(1);
      }),
  );
});

describe('line 8: a gateway that stood still with the answer in its hands, past its lease', () => {
  it.concurrent.each(askedForByReference)(
    'while another found the job: no second event, one charge: %s',
    async (model) =>
      SmallWorld.with(async (here) => {
        const a = await here.start('provider-gateway', { line: 5, signal: 'SIGSTOP' });
        const generation = await here.request(model);
        await a.reached(5);
        await here.start('provider-gateway');
        const found = await here.when('found and produced', generation, 60, isProduced);
        a.continue();
        await a.passed(7);
        const state = await here.state(generation);
        expect(state.version).toBe(found.version);
        expect(statusesOf(state)).toEqual(['produced']);
        expect(state.orphans).toEqual([]);
        expect(charges(await here.ledger())).toBe(1);
      }),
  );

  // Nobody else can find a job of a vendor without references, so that no other id can come up either.
  it.concurrent.each(['blind', 'inline'] as const)(
    'while another could not find out: its answer settles what was unknown: %s',
    async (model) =>
      SmallWorld.with(async (here) => {
        const a = await here.start('provider-gateway', { line: 5, signal: 'SIGSTOP' });
        const generation = await here.request(model);
        await a.reached(5);
        await here.start('provider-gateway');
        await here.when('B does not know', generation, 60, ({ phase }) => phase === 'unresolved');
        a.continue();
        const state = await here.when('settled', generation, 60, isProduced);
        expect(statusesOf(state)).toEqual(['produced']);
        expect(state.orphans).toEqual([]);
        expect(await here.ledger()).toHaveLength(1);
      }),
  );

  // Each of these vendors breaks its contract, else there would not be two jobs.
  it.concurrent.each([
    { model: 'standard', breaks: 'lists late', faults: { list: { lag_seconds: 600 } }, attempts: 2 },
    { model: 'reject', breaks: 'lists late', faults: { list: { lag_seconds: 600 } }, attempts: 2 },
    { model: 'keyed', breaks: 'forgets keys', faults: { key: { scope: 0.001 } }, attempts: 1 },
  ])(
    'while another came by another job: a paid orphan on record, canceled at the vendor, and an alert: $model $breaks',
    async ({ model, faults, attempts }) =>
      SmallWorld.with(async (here) => {
        await here.faults({ ...faults, job: { seconds: [600, 600] } });
        const a = await here.start('provider-gateway', { line: 5, signal: 'SIGSTOP' });
        const generation = await here.request(model);
        await a.reached(5);
        const [first] = await here.ledger();
        await here.start('provider-gateway');
        const other = await here.when(
          'another job',
          generation,
          60,
          (state) => state.phase === 'processing' && state.attempts.length === attempts,
        );
        expect(other.orphans).toEqual([]);
        a.continue();
        await a.passed(7);
        const state = await here.state(generation);
        const firstId = first?.job_id ?? '';
        expect(state.orphans).toMatchObject([
          { attempt: 1, vendorJobId: firstId, charge: 'CHARGE_CERTAIN', adopted: false },
        ]);
        expect(await here.vendorJob(firstId)).toMatchObject({ status: 'canceled' });
        expect(a.printed).toContain('a job was paid for that nobody uses');
        // The one that is on record as its own goes on.
        expect(state.phase).toBe('processing');
        const ownId = state.attempts.at(-1)?.vendorJobId ?? '';
        expect(ownId).toBe(other.attempts.at(-1)?.vendorJobId);
        expect(['queued', 'running']).toContain((await here.vendorJob(ownId)).status);
        expect(charges(await here.ledger())).toBe(2);
      }),
  );
});
