import { endOf, faultPlan } from './fault-plan.js';

const options = {
  seed: 7,
  seconds: 200,
  everySeconds: 2,
  processes: ['intake', 'artifact'],
  servers: ['kafka'],
  shortPauses: ['artifact'],
  links: ['postgres', 'vendor'],
};

describe('a plan of faults', () => {
  it('is of its seed alone', () => {
    expect(faultPlan(options)).toEqual(faultPlan(options));
    expect(faultPlan({ ...options, seed: 8 })).not.toEqual(faultPlan(options));
  });

  it('has every kind, every process, server and link, in order, within its time', () => {
    const plan = faultPlan(options);
    expect(new Set(plan.map(({ kind }) => kind))).toEqual(new Set(['kill', 'pause', 'stop', 'link']));
    const hit = new Set(plan.map((fault) => (fault.kind === 'link' ? fault.link : fault.process)));
    expect(hit).toEqual(new Set([...options.processes, ...options.servers, ...options.links]));
    expect(plan.map(({ at }) => at)).toEqual(plan.map(({ at }) => at).toSorted((a, b) => a - b));
    expect(plan.every(({ at }) => at > 0 && at < options.seconds)).toBe(true);
    expect(endOf(plan)).toBeGreaterThanOrEqual(plan.at(-1)?.at ?? Infinity);
    expect(
      endOf([
        { at: 3, kind: 'pause', process: 'artifact', seconds: 14 },
        { at: 5, kind: 'kill', process: 'artifact' },
      ]),
    ).toBe(17);
    // Some outlast a lease of ten seconds.
    const long = faultPlan({ ...options, seconds: 2_000 }).filter(
      (fault) => fault.kind === 'pause' && fault.seconds > 10,
    );
    expect(new Set(long.map((fault) => fault.kind === 'pause' && fault.process))).toEqual(
      new Set(['intake', 'kafka']),
    );
  });

  it('has three kills of four whatever the seed', () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const plan = faultPlan({ ...options, seed, seconds: 46 });
      const ofProcesses = plan.filter(({ kind }) => kind !== 'link');
      expect(ofProcesses).toHaveLength(22);
      expect(ofProcesses.filter(({ kind }) => kind === 'kill').length).toBeGreaterThanOrEqual(16);
    }
  });
});
