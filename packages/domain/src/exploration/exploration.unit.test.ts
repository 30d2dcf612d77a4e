import { type Exploration, explore } from './explore.js';
import { compareMerged } from './merged-worlds.js';
import { product, resubmitting } from './planted-faults.js';
import { type Mishaps, unanswered, type VendorName, vendors, worldsApart, worldsOf } from './small-worlds.js';
import type { Rules } from './world.js';

const minutes = 60_000;
const names = Object.keys(vendors) as VendorName[];

const tale = ({ violation }: Exploration): string =>
  violation === null ? 'nothing' : `${violation.what}\n    ${violation.trace.join('\n    ')}`;

function exploring(vendor: VendorName, world: Mishaps, rules: Rules): Exploration {
  return explore({ contract: vendors[vendor], rules, ...world });
}

describe('everything that can happen in a small world leads to one charge, and to an end', () => {
  it.each(names)(
    '%s',
    (vendor) => {
      const begun = performance.now();
      const explored = worldsOf(vendor).map((world) => exploring(vendor, world, product));
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      const sum = (what: 'states' | 'moves'): number =>
        explored.reduce((total, { [what]: count }) => total + count, 0);
      // Standard error reaches who runs all tests at once.
      process.stderr.write(
        `exploration of ${vendor}: ${explored.length} worlds, ${sum('states')} states, ${sum('moves')} transitions, ${seconds} s\n`,
      );
      expect(explored.map(tale)).toEqual(explored.map(() => 'nothing'));
    },
    4 * minutes,
  );

  it.each(['blindPolled', 'blindInline', 'lookupWithoutProof', 'lookup'] as const)(
    '%s, where a written policy submits once more what nobody can settle',
    (vendor) => {
      const explored = exploring(vendor, unanswered, resubmitting);
      expect(tale(explored)).toBe('nothing');
      const without = exploring(vendor, unanswered, product);
      // Where the vendor can tell, it changes nothing.
      if (vendor === 'lookup') expect(explored.states).toBe(without.states);
      else expect(explored.states).toBeGreaterThan(without.states);
    },
    4 * minutes,
  );

  it.each(names)('%s: worlds that are taken for one go on in the same way', (vendor) => {
    const contract = vendors[vendor];
    const all = Object.values(worldsApart).map((world) =>
      compareMerged({ contract, rules: product, ...world }),
    );
    expect(all.map(({ difference }) => difference)).toEqual(all.map(() => null));
    expect(all.reduce((total, { compared }) => total + compared, 0)).toBeGreaterThan(1_000);
  });
});
