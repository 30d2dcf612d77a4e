import 'reflect-metadata';
import { charges, isCanceled, statusesOf, type VendorModel, vendorModels } from './endings.js';
import { SmallWorld } from './small-world.js';

/**
 * Line 9 of the crash table: a cancel comes in while a submit is under way. Before the intent is on record the cancel ends the
 * generation by itself, and after the outcome it meets a running job; 2 and 5 look like 3 and 4 to whoever takes over.
 */
type Charge = 'CHARGE_CERTAIN' | 'CHARGE_POSSIBLE';

/** Long enough to be canceled; `inline` answers only when it is done. */
const running = (model: VendorModel): Record<string, unknown> =>
  model === 'inline' ? { job: { seconds: [1, 1] } } : { job: { seconds: [60, 60] } };

/** Its vendor takes no cancel of what it made while the client waited: that is paid for, and nobody uses it. */
const leavesOrphan = (model: VendorModel): boolean => model === 'inline';

describe('line 9: a gateway whose submit is under way while a cancel comes in', () => {
  it.concurrent.each(vendorModels)(
    'says the outcome first, then the vendor is told, then comes the end with its charge: %s',
    async (model) =>
      SmallWorld.with(async (here) => {
        await here.faults(running(model));
        const a = await here.start('provider-gateway', { line: 4, signal: 'SIGSTOP' });
        const generation = await here.request(model);
        await a.reached(4);
        await here.cancel(generation);
        a.continue();
        const state = await here.when('canceled', generation, 60, isCanceled);
        expect(state.charge).toBe('CHARGE_CERTAIN');
        expect(state.orphans).toHaveLength(leavesOrphan(model) ? 1 : 0);
        const types = (await here.events(generation)).map(({ type }) => type);
        expect(types.indexOf('SubmissionAccepted')).toBeGreaterThan(types.indexOf('CancellationRequested'));
        expect(types.at(-1)).toBe('GenerationCanceled');
        const ledger = await here.ledger();
        expect(charges(ledger)).toBe(1);
        expect(ledger).toHaveLength(1);
        if (!leavesOrphan(model))
          expect(await here.vendorJob(ledger[0]?.job_id ?? '')).toMatchObject({ status: 'canceled' });
      }),
  );
});

interface Killed {
  readonly after: 3 | 4 | 6;
  readonly what: string;
  readonly charged: 0 | 1;
  readonly charge: Readonly<Record<VendorModel, Charge>>;
  /** Models whose listing may prove, before the end is due, that nothing arrived; then it costs nothing. */
  readonly provable?: readonly VendorModel[];
}

const each = (charge: Charge): Readonly<Record<VendorModel, Charge>> => ({
  standard: charge,
  keyed: charge,
  reject: charge,
  blind: charge,
  inline: charge,
});

const killed: readonly Killed[] = [
  {
    after: 3,
    what: 'before its first byte',
    charged: 0,
    // The end that was asked for does not wait for the proof of absence: without it the client hears that it may cost.
    charge: each('CHARGE_POSSIBLE'),
    provable: ['standard', 'reject'],
  },
  {
    after: 4,
    what: 'with its bytes sent',
    charged: 1,
    // Only a listing tells without sending anything: a repeat could be what starts the bill.
    charge: { ...each('CHARGE_POSSIBLE'), standard: 'CHARGE_CERTAIN', reject: 'CHARGE_CERTAIN' },
  },
  { after: 6, what: 'with the answer staged', charged: 1, charge: each('CHARGE_CERTAIN') },
];

describe.each(killed)(
  'line 9: a gateway killed $what (line $after) while a cancel came in',
  ({ after, charged, charge, provable = [] }) => {
    it.concurrent.each(vendorModels)(
      'the next one hears the vendor first, sends nothing, then ends it as canceled: %s',
      async (model) =>
        SmallWorld.with(async (here) => {
          await here.faults(running(model));
          const a = await here.start('provider-gateway', { line: after, signal: 'SIGSTOP' });
          const generation = await here.request(model);
          await a.reached(after);
          await here.cancel(generation);
          await a.end();
          await here.start('provider-gateway');
          const state = await here.when('canceled', generation, 60, isCanceled);
          const isProven = statusesOf(state)[0] === 'not_there';
          expect(provable.includes(model) || !isProven).toBe(true);
          expect(state.charge).toBe(isProven ? 'CHARGE_NONE' : charge[model]);
          const ledger = await here.ledger();
          expect(charges(ledger)).toBe(charged);
          expect(ledger).toHaveLength(charged);
        }),
    );
  },
);
