import type { GenerationEvent, GenerationState } from '@darkroom/domain';
import { deterministicId } from '@darkroom/event-store';

/**
 * Id of an event of ours: the same step of the same generation has the same id in every process, so that a step that is done
 * again after a crash appends nothing new.
 */
export function artifactEventId(generation: string, state: GenerationState, event: GenerationEvent): string {
  const { run } = state;
  if (event.type === 'ArtifactStored' || event.type === 'ArtifactRejected') {
    const { attempt, index } = event.data;
    // An output may be rejected several times; what is folded says how often it was.
    const before = state.outputs.find((output) => output.index === index)?.rejections ?? 0;
    const time = event.type === 'ArtifactRejected' ? before : 0;
    return deterministicId('artifact', event.type, generation, run, attempt, index, time);
  }
  return deterministicId('artifact', event.type, generation, run);
}

/** Id of a stored image: the same bytes of the same output are the same image. */
export function artifactId(generation: string, attempt: number, index: number, sha256: string): string {
  return deterministicId('image', generation, attempt, index, sha256);
}
