import { movesOf, whatIsWrong } from './next-moves.js';
import { recorderOf } from './stream.js';
import { keyOf } from './world-key.js';
import { firstWorld, type Setting, type World } from './world.js';

/** What came of comparing worlds that the exploration takes for one. */
export interface Comparison {
  /** How often one was held against the one that stands for it. */
  readonly compared: number;
  /** Where two of them go on differently; null: nowhere. */
  readonly difference: string | null;
}

/**
 * The exploration goes on from one of all worlds that have the same key. Here streams are not merged, and of every other one
 * it is asked whether it leads to worlds of the same keys.
 */
export function compareMerged(setup: Omit<Setting, 'recorder'>): Comparison {
  const setting = { ...setup, recorder: recorderOf(setup.rules, setup.contract, false) };
  const known = new Map<string, string>();
  const whatComesOf = (world: World): { readonly comesTo: string; readonly next: readonly World[] } => {
    const next = movesOf(world, setting).map(({ to }) => to);
    const keys = [...new Set(next.map((one) => `${keyOf(one, setting)} ${whatIsWrong(one)}`))].sort();
    return { comesTo: keys.join('\n'), next };
  };
  let compared = 0;
  let frontier: readonly World[] = [firstWorld(setting)];
  while (frontier.length > 0) {
    const then: World[] = [];
    for (const world of frontier) {
      const key = keyOf(world, setting);
      const same = known.get(key);
      const { comesTo, next } = whatComesOf(world);
      if (same === undefined) {
        known.set(key, comesTo);
        then.push(...next);
        continue;
      }
      compared += 1;
      if (comesTo !== same) return { compared, difference: `${key}\n${same}\n\n${comesTo}` };
    }
    frontier = then;
  }
  return { compared, difference: null };
}
