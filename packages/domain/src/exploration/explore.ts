import { isFinal } from '../state.js';
import { movesOf, whatIsWrong } from './next-moves.js';
import { recorderOf } from './stream.js';
import { keyOf } from './world-key.js';
import { clock, firstWorld, type Setting, type World } from './world.js';

export interface Exploration {
  readonly states: number;
  readonly moves: number;
  /** Worlds whose run has ended. */
  readonly ended: number;
  /** What must never be, and the shortest way there; null: there is none. */
  readonly violation: { readonly what: string; readonly trace: readonly string[] } | null;
}

/** A world that is larger than this is not small. */
const mostWorlds = 4_000_000;

/** Everything that can happen, breadth first: a violation comes with a shortest trace. */
export function explore(setup: Omit<Setting, 'recorder'>): Exploration {
  const setting = { ...setup, recorder: recorderOf(setup.rules, setup.contract) };
  const known = new Map<string, number>();
  /** By world: from which one it was reached first, and by which of its moves. */
  const parents: number[] = [];
  const choices: number[] = [];
  const ends: boolean[] = [];
  /** From where to where, in turn. */
  const ways: number[] = [];
  let moves = 0;
  let next: { readonly id: number; readonly world: World }[] = [];
  const add = (world: World, parent: number, choice: number): number => {
    const id = parents.length;
    if (id >= mostWorlds) throw new Error(`more than ${mostWorlds} worlds`);
    parents.push(parent);
    choices.push(choice);
    ends.push(isFinal(world.stream.state.phase));
    next.push({ id, world });
    return id;
  };
  const visit = (world: World, parent: number, choice: number): number => {
    const key = keyOf(world, setting);
    const seen = known.get(key);
    if (seen !== undefined) return seen;
    const id = add(world, parent, choice);
    known.set(key, id);
    return id;
  };
  const summary = (what: string | null, id: number): Exploration => ({
    states: parents.length,
    moves,
    ended: ends.filter(Boolean).length,
    violation: what === null ? null : { what, trace: traceTo(id, parents, choices, setting) },
  });
  visit(firstWorld(setting), -1, -1);
  while (next.length > 0) {
    const frontier = next;
    next = [];
    for (const { id, world } of frontier) {
      const possible = movesOf(world, setting);
      for (let choice = 0; choice < possible.length; choice += 1) {
        const move = possible[choice];
        if (move === undefined) continue;
        moves += 1;
        // Asked of every move: what is wrong with it does not show in the world that it leads to.
        const what = whatIsWrong(move.to);
        if (what !== null) return summary(what, add(move.to, id, choice));
        const reached = visit(move.to, id, choice);
        if (reached !== id) ways.push(id, reached);
      }
    }
  }
  const stuck = firstStuck(ways, ends);
  return summary(stuck === null ? null : 'the run can never end', stuck ?? 0);
}

/** The same moves made again, from the first world on. */
function traceTo(
  id: number,
  parents: readonly number[],
  choices: readonly number[],
  setting: Setting,
): string[] {
  const path: number[] = [];
  for (let at = id; (parents[at] ?? -1) >= 0; at = parents[at] ?? -1) path.push(choices[at] ?? 0);
  let world = firstWorld(setting);
  return path.reverse().flatMap((choice) => {
    const move = movesOf(world, setting)[choice];
    if (move === undefined) return [];
    const time = String(clock(world)).padStart(2);
    world = move.to;
    return [`${time} s  ${move.label} [${world.stream.state.phase}]`];
  });
}

/** The first world from which no end can be reached. */
function firstStuck(ways: readonly number[], ends: readonly boolean[]): number | null {
  // Ways by where they lead: those to world n stand from `first[n]` on.
  const first = new Uint32Array(ends.length + 1);
  const add = (counts: Uint32Array, at: number, more: number): void => {
    counts[at] = (counts[at] ?? 0) + more;
  };
  for (let i = 1; i < ways.length; i += 2) add(first, (ways[i] ?? 0) + 1, 1);
  for (let n = 0; n < ends.length; n += 1) add(first, n + 1, first[n] ?? 0);
  const from = new Uint32Array(ways.length / 2);
  const filled = first.slice();
  for (let i = 0; i < ways.length; i += 2) {
    const to = ways[i + 1] ?? 0;
    from[filled[to] ?? 0] = ways[i] ?? 0;
    add(filled, to, 1);
  }
  const canEnd = [...ends];
  const queue = ends.flatMap((isEnd, id) => (isEnd ? [id] : []));
  for (let id = queue.pop(); id !== undefined; id = queue.pop())
    for (let at = first[id] ?? 0; at < (first[id + 1] ?? 0); at += 1) {
      const earlier = from[at] ?? 0;
      if (canEnd[earlier] === true) continue;
      canEnd[earlier] = true;
      queue.push(earlier);
    }
  const stuck = canEnd.indexOf(false);
  return stuck < 0 ? null : stuck;
}
