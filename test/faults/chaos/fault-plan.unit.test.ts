import { faultPlan } from './fault-plan.js';

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
    // Some outlast a lease of ten seconds.
    const long = faultPlan({ ...options, seconds: 2_000 }).filter(
      (fault) => fault.kind === 'pause' && fault.seconds > 10,
    );
    expect(new Set(long.map((fault) => fault.kind === 'pause' && fault.process))).toEqual(
      new Set(['intake', 'kafka']),
    );
  });
});
