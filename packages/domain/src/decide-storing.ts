import { type CommandOf, type Decision, emitted, refused } from './commands.js';
import { maxRefreshes } from './conditions.js';
import { after, completedEvent, failedEvent } from './ending.js';
import type { GenerationEvent } from './event.js';
import type { GenerationState, Output } from './state.js';

function pending(state: GenerationState, attempt: number, index: number): Output | undefined {
  return state.phase === 'storing' && attempt === state.current
    ? state.outputs.find((output) => output.index === index && output.status === 'pending')
    : undefined;
}

/** An image was verified and stored; with the last one the run ends in the same append. */
export function storeArtifact(
  state: GenerationState,
  { artifact, now }: CommandOf<'store-artifact'>,
): Decision {
  if (pending(state, artifact.attempt, artifact.index) === undefined) return refused('nothing_new');
  return emitted(andConclude(state, now, { type: 'ArtifactStored', data: { ...artifact, run: state.run } }));
}

/** An output could not be stored as it is: a fresh link is asked for while that may help, then it is given up. */
export function rejectArtifact(
  state: GenerationState,
  { attempt, index, reason, detail, now }: CommandOf<'reject-artifact'>,
): Decision {
  const output = pending(state, attempt, index);
  // It waits for a fresh link already.
  if (output === undefined || output.needsLink) return refused('nothing_new');
  const givenUp = output.source !== 'link' || output.refreshes >= maxRefreshes;
  const { run } = state;
  return emitted(
    andConclude(state, now, {
      type: 'ArtifactRejected',
      data: { run, attempt, index, reason, detail, givenUp },
    }),
  );
}

/** Ends storing where it is time. */
export function concludeStoring(state: GenerationState, { now }: CommandOf<'conclude-storing'>): Decision {
  const end = storingEnd(state, now);
  return end === undefined ? refused('nothing_new') : emitted([end]);
}

function andConclude(state: GenerationState, now: number, event: GenerationEvent): GenerationEvent[] {
  const end = storingEnd(after(state, now, [event]), now);
  return end === undefined ? [event] : [event, end];
}

/** The event that ends storing, as soon as nothing more can come or may be waited for. */
export function storingEnd(state: GenerationState, now: number): GenerationEvent | undefined {
  if (state.phase !== 'storing') return undefined;
  const count = (status: Output['status']): number =>
    state.outputs.filter((output) => output.status === status).length;
  const isDecided = count('pending') === 0;
  const isEnough = count('stored') >= state.requested.minCount;
  if (state.failAsked !== null && !(isDecided && isEnough))
    return failedEvent(state, 'ERROR_CODE_FAILED_BY_OPERATOR');
  const isLate = now >= state.deadline;
  if (!isDecided && !isLate) return undefined;
  if (isEnough) return completedEvent(state);
  if (!isDecided) return failedEvent(state, 'ERROR_CODE_DEADLINE_EXCEEDED');
  return failedEvent(
    state,
    count('given_up') > 0 ? 'ERROR_CODE_ARTIFACT_UNRECOVERABLE' : 'ERROR_CODE_INCOMPLETE_OUTPUTS',
  );
}
