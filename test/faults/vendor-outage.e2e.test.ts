import 'reflect-metadata';
import { setTimeout as pause } from 'node:timers/promises';
import { createOnce, getGeneration, isFinal, readLedger, setFaults, type Target } from './client.js';
import { excessOver, orderOf } from './provider-account.js';
import { ServiceWorld } from './service-world.js';
import { until } from './until.js';

/** The long form is run by hand: OUTAGE_SECONDS=600 OUTAGE_PER_SECOND=20. */
const seconds = Number(process.env['OUTAGE_SECONDS'] ?? 25);
const perSecond = Number(process.env['OUTAGE_PER_SECOND'] ?? 8);
/** What the account is held to: the backlog of an outage must not come all at once. */
const rate = { submits_per_second: perSecond * 2, burst: perSecond };

/** What is away in what way. Nothing is charged in either. */
const outages = [
  { how: 'refuses all with 503', phases: [{ status: { '503': 1 } }], isUnknown: false },
  {
    how: 'answers 502, then resets the connection',
    phases: [{ status: { '502': 1 } }, { drop_before_accept: 1 }],
    isUnknown: true,
  },
] as const;

const job = { seconds: [0.1, 0.3] };

/** So many a second for so long, while the vendor is away in one way after the other. @returns the generations */
async function demand(target: Target, label: string, phases: readonly object[]): Promise<string[]> {
  const ids: string[] = [];
  const all = perSecond * seconds;
  const started = performance.now();
  for (let nth = 0; nth < all; nth += 1) {
    const phase = (nth * phases.length) / all;
    if (Number.isInteger(phase)) await setFaults(target, { job, submit: phases[phase] });
    // What can be asked, or sent again under its key, by turns.
    const model = nth % 2 === 0 ? 'sim/standard' : 'sim/keyed';
    const created = await createOnce(target, `${label}-${nth}`, { prompt: 'a boat', model, size: '64x64' });
    if (created.kind !== 'accepted') throw new Error('intake did not take it');
    ids.push(created.id);
    await pause(Math.max(0, started + ((nth + 1) * 1000) / perSecond - performance.now()));
  }
  return ids;
}

/** Submits whose outcome nobody knew. */
async function questions(world: ServiceWorld): Promise<number> {
  const [row] = await world.database.superuser<{ n: number }[]>`
    select count(*)::int as n from event_store.events where type = 'SubmissionOutcomeUnknown'`;
  return row?.n ?? NaN;
}

it.each(outages)(
  'a vendor that $how is called less than is asked for, and all succeeds when it is back',
  async ({ how, phases, isUnknown }) => {
    const world = await ServiceWorld.create();
    try {
      const intake = await world.start('intake');
      await world.start('projections');
      await world.start('artifact');
      const controlPlane = await world.start('control-plane');
      await Promise.all([1, 2].map(() => world.start('provider-gateway')));
      const target = world.target(intake);
      await orderOf(controlPlane, 'sim', { limits: rate });

      const ids = await demand(target, isUnknown ? 'unknown' : 'refused', phases);
      const during = await readLedger(target);
      const calls = during.length;
      await setFaults(target, { job });
      const back = performance.now();
      await until('all are drawn', 120 + seconds * 2, async () => {
        const [row] = await world.database.sql<{ open: number }[]>`
          select count(*)::int as open from gateway.jobs
          where phase is null or phase not in ('storing', 'succeeded', 'failed')`;
        return row?.open === 0 ? true : pause(500);
      });
      const ends = new Map<string, number>();
      for (const id of ids) {
        const end = await until(`${id} ends`, 60, async () => {
          const resource = await getGeneration(target, id);
          return isFinal(resource) ? resource : undefined;
        });
        const word = end.error === null ? end.status : `${end.status}: ${end.error.code}`;
        ends.set(word, (ends.get(word) ?? 0) + 1);
      }
      const after = (await readLedger(target)).slice(calls);
      const accepted = after.filter((line) => line.accepted);
      process.stderr.write(
        `vendor ${how} for ${seconds} s: ${ids.length} asked for, ${calls} calls (${(calls / ids.length).toFixed(3)} of the demand); ` +
          `afterwards ${after.length} calls, ${accepted.length} accepted, all ended ${((performance.now() - back) / 1000).toFixed(0)} s later\n`,
      );
      expect(Object.fromEntries(ends)).toEqual({ succeeded: ids.length });
      expect(during.filter((line) => line.accepted)).toEqual([]);
      // All calls that the outage costs, those that settle it included.
      expect(calls).toBeLessThanOrEqual(1.1 * ids.length);
      // One charge for each.
      expect(accepted).toHaveLength(ids.length);
      expect(excessOver(after, rate.submits_per_second, rate.burst)).toBeLessThan(0.01);
      // A documented refusal leaves no question, and no person is needed.
      if (!isUnknown) expect(await questions(world)).toBe(0);
      if (isUnknown)
        // What nobody knows of is bounded: what it takes to see it, what was on its way then, and the probes.
        expect(calls).toBeLessThan(100 + seconds);
    } finally {
      await world.dispose();
    }
  },
  (900 + seconds * 8) * 1_000,
);
