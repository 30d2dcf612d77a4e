import { storingEnd } from './decide-storing.js';
import { currentAttempt, type GenerationState, type Output } from './state.js';

/** What the artifact service does next for a generation. Times are milliseconds since the epoch. */
export type ArtifactAction =
  | { readonly do: 'nothing'; readonly due: number | null }
  /** Outputs to fetch, verify and store now. */
  | {
      readonly do: 'store';
      readonly attempt: number;
      readonly outputs: readonly Output[];
      readonly due: number;
    }
  /** Storing is over: `conclude-storing`. */
  | { readonly do: 'conclude' };

/** The artifact service's next action. */
export function planArtifact(state: GenerationState, now: number): ArtifactAction {
  const attempt = currentAttempt(state);
  if (state.phase !== 'storing' || attempt === undefined) return { do: 'nothing', due: null };
  if (storingEnd(state, now) !== undefined) return { do: 'conclude' };
  const outputs = state.outputs.filter((output) => output.status === 'pending' && !output.needsLink);
  return outputs.length === 0
    ? { do: 'nothing', due: state.deadline }
    : { do: 'store', attempt: attempt.number, outputs, due: state.deadline };
}
