import { isFinal } from '../state.js';
import { gatewayMoves } from './gateway.js';
import { outsideMoves } from './people.js';
import { keyOf } from './world-key.js';
import { vendorMoves } from './vendor.js';
import { clock, firstWorld, mostWorlds, type Move, type Setting, type World } from './world.js';

export interface Exploration {
  readonly states: number;
  readonly moves: number;
  /** Worlds whose run has ended. */
  readonly ended: number;
  /** What must never be, and the shortest way there; null: there is none. */
  readonly violation: { readonly what: string; readonly trace: readonly string[] } | null;
}

function movesOf(world: World, setting: Setting): Move[] {
  const { state, gateways, packets, left } = world;
  const isQuiet = packets.length === 0 && gateways.A.at === 'idle' && gateways.B.at === 'idle';
  // Nothing but time can come.
  if (isFinal(state.phase) && isQuiet && left.requests === 0 && left.webhooks === 0) return [];
  const ours = [...gatewayMoves(world, 'A', setting), ...gatewayMoves(world, 'B', setting)];
  const vendors = vendorMoves(world, setting);
  return [...ours, ...vendors, ...outsideMoves(world, setting, ours.length === 0)];
}

/** What must hold in every world; a sentence where it does not. */
function whatIsWrong(world: World): string | null {
  const { state, jobs, acceptances } = world;
  if (jobs.length > 1 + acceptances)
    return `${jobs.length} charges at the vendor, ${acceptances} of them accepted as a second one`;
  const lost = world.told.find(
    (id) =>
      state.attempts.every(({ vendorJobId }) => vendorJobId !== id) &&
      state.orphans.every(({ vendorJobId }) => vendorJobId !== id),
  );
  if (lost !== undefined) return `${lost} was heard of and is on no record`;
  if (state.charge === 'CHARGE_NONE' && jobs.length > 0)
    return `the run ended without a charge, and the vendor has ${jobs.length}`;
  const isUsed = state.phase === 'storing' || state.phase === 'succeeded';
  if (world.canceledRun === state.run && isUsed) return `the run is canceled and yet ${state.phase}`;
  return null;
}

/** Everything that can happen, breadth first: a violation comes with a shortest trace. */
export function explore(setting: Setting): Exploration {
  const known = new Map<number, number>();
  const cameFrom: { readonly parent: number; readonly label: string }[] = [];
  const comesTo: number[][] = [];
  const endsHere: boolean[] = [];
  let frontier: { readonly id: number; readonly world: World }[] = [];
  let moves = 0;
  const traceOf = (id: number): string[] => {
    const lines: string[] = [];
    for (let at = cameFrom[id]; at !== undefined && at.parent >= 0; at = cameFrom[at.parent])
      lines.push(at.label);
    return lines.reverse();
  };
  const summary = () => ({ states: cameFrom.length, moves, ended: endsHere.filter(Boolean).length });
  const visit = (world: World, parent: number, label: string): number => {
    const key = keyOf(world);
    const seen = known.get(key);
    if (seen !== undefined) return seen;
    const id = cameFrom.length;
    if (id >= mostWorlds) throw new Error(`more than ${mostWorlds} worlds`);
    known.set(key, id);
    cameFrom.push({ parent, label });
    comesTo.push([]);
    endsHere.push(isFinal(world.state.phase));
    next.push({ id, world });
    return id;
  };
  let next: { readonly id: number; readonly world: World }[] = [];
  visit(firstWorld(setting.left), -1, '');
  while (next.length > 0) {
    frontier = next;
    next = [];
    for (const { id, world } of frontier) {
      const what = whatIsWrong(world);
      if (what !== null) return { ...summary(), violation: { what, trace: traceOf(id) } };
      for (const { label, to } of movesOf(world, setting)) {
        moves += 1;
        const reached = visit(to, id, `${String(clock(world)).padStart(2)} s  ${label} [${to.state.phase}]`);
        comesTo[id]?.push(reached);
      }
    }
  }
  const stuck = firstStuck(comesTo, endsHere);
  return {
    ...summary(),
    violation: stuck === null ? null : { what: 'the run can never end', trace: traceOf(stuck) },
  };
}

/** The first world from which no end can be reached. */
function firstStuck(comesTo: readonly (readonly number[])[], endsHere: readonly boolean[]): number | null {
  const before: number[][] = comesTo.map(() => []);
  comesTo.forEach((reached, id) => {
    for (const one of reached) before[one]?.push(id);
  });
  const canEnd = [...endsHere];
  const queue = endsHere.flatMap((ends, id) => (ends ? [id] : []));
  for (let id = queue.pop(); id !== undefined; id = queue.pop())
    for (const earlier of before[id] ?? [])
      if (!canEnd[earlier]) {
        canEnd[earlier] = true;
        queue.push(earlier);
      }
  const stuck = canEnd.indexOf(false);
  return stuck < 0 ? null : stuck;
}
