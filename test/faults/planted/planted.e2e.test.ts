import { readFileSync } from 'node:fs';
import { type ChaosReport, runChaos } from '../chaos/run-chaos.js';
import { harmless, type PlantedBug, plantedBugs } from './planted-bugs.js';
import { plantedCopy } from './planted-copy.js';

/** All of them, and their controls: npm run test:planted. */
const isLongForm = process.env['PLANTED'] === 'all';
const only = process.env['PLANTED_ONLY'];
const quick = [
  'a request is acknowledged before it is committed',
  'an answer that was lost is taken for a submit that was not made',
];
const chosen = plantedBugs.filter(({ name }) =>
  only === undefined ? isLongForm || quick.includes(name) : name.includes(only),
);

/** The copy under load and faults. */
async function reportOf({ changes, run }: Omit<PlantedBug, 'found'>): Promise<ChaosReport> {
  const copy = plantedCopy(changes);
  try {
    return await runChaos({
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
  } finally {
    copy.remove();
  }
}

describe('the checker finds', () => {
  // Those that were asked for by name may all be controls.
  if (chosen.length > 0)
    it.each(chosen)(
      '$name',
      async (bug) => {
        const { findings } = await reportOf(bug);
        expect(findings.filter((finding) => bug.found.test(finding))).not.toEqual([]);
      },
      840_000,
    );

  it('every bug has a name of its own, and the quick ones are among them', () => {
    const names = plantedBugs.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(12);
    expect(names).toEqual(expect.arrayContaining(quick));
  });

  it.each([...plantedBugs, ...harmless])(
    '$name can be planted: what it replaces is built, once',
    ({ changes }) => {
      for (const { file, find } of changes) {
        const built = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
        expect([file, built.split(find).length - 1]).toEqual([file, 1]);
      }
    },
  );
});

// In the long form alone, as each is a run of more than a minute.
const clean = isLongForm
  ? harmless
  : harmless.filter(({ name }) => only !== undefined && name.includes(only));
if (clean.length > 0)
  describe('the checker finds nothing in', () => {
    it.each(clean)(
      '$name',
      async (change) => {
        expect((await reportOf(change)).findings).toEqual([]);
      },
      840_000,
    );
  });
