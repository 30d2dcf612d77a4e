import type { GenerationState, StoredArtifact } from '@darkroom/domain';

/** A verified image at its place among the outputs. */
export interface IndexedArtifact {
  readonly index: number;
  readonly artifact: StoredArtifact;
}

/** The verified images of the present run, in the order of their index. */
export function storedArtifacts(state: GenerationState): IndexedArtifact[] {
  return state.outputs
    .flatMap(({ index, artifact }) => (artifact === null ? [] : [{ index, artifact }]))
    .toSorted((a, b) => a.index - b.index);
}
