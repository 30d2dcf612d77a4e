import { runChaos } from '../chaos/run-chaos.js';
import { plantedBugs } from './planted-bugs.js';
import { plantedCopy } from './planted-copy.js';

/** All of them, with a run of what is not changed before: npm run test:planted. */
const isLongForm = process.env['PLANTED'] === 'all';
const only = process.env['PLANTED_ONLY'];
const quick = [
  'a request is acknowledged before it is committed',
  'an answer that was lost is taken for a submit that was not made',
];
const chosen = plantedBugs.filter(({ name }) =>
  only === undefined ? isLongForm || quick.includes(name) : name.includes(only),
);

describe('the checker finds', () => {
  it.each(chosen)(
    '$name',
    async ({ changes, run, found }) => {
      const copy = plantedCopy(changes);
      try {
        const report = await runChaos({
          transport: 'postgres',
          seed: 11,
          seconds: 25,
          perSecond: 4,
          everySeconds: 2,
          vendor: { submit: { drop_reply: 0.05 } },
          drainSeconds: 30,
          ...run,
          program: copy.program,
          say: (line) => process.stderr.write(`${line.slice(0, 400)}\n`),
        });
        expect(report.findings.filter((finding) => found.test(finding))).not.toEqual([]);
      } finally {
        copy.remove();
      }
    },
    420_000,
  );

  it('every bug has a name of its own, and the quick ones are among them', () => {
    const names = plantedBugs.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(12);
    expect(names).toEqual(expect.arrayContaining(quick));
  });
});
