import { attemptOf, isFinal } from '../state.js';
import { gatewayMoves, withoutIdleSteps } from './gateway.js';
import { outsideMoves } from './people.js';
import { vendorMoves } from './vendor.js';
import type { Move, Setting, World } from './world.js';

/** Everything that may come next. */
export function movesOf(world: World, setting: Setting): Move[] {
  const moves = [
    ...gatewayMoves(world, setting),
    ...vendorMoves(world, setting),
    ...outsideMoves(world, setting),
  ];
  return moves.map(({ label, to }) => ({ label, to: withoutIdleSteps(to, setting) }));
}

/** What must hold in every world; a sentence where it does not. */
export function whatIsWrong({ wrong, stream, jobs, isCanceled }: World): string | null {
  if (wrong !== null) return wrong;
  const { state } = stream;
  const free = jobs.find(({ attempt }) => attemptOf(state, attempt)?.charge === 'CHARGE_NONE');
  if (isFinal(state.phase) && free !== undefined)
    return `the run ended with no charge for attempt ${free.attempt}, and the vendor has ${free.id}`;
  const isUsed = state.phase === 'storing' || state.phase === 'succeeded';
  if (isCanceled && isUsed) return `the run is canceled and yet ${state.phase}`;
  if (state.phase === 'canceled' && !isCanceled) return 'a run is canceled that nobody canceled';
  return null;
}
