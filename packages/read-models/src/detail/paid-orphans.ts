import type { GenerationState, Orphan } from '@darkroom/domain';

/** What was paid for and no generation uses: a person may adopt it, or have the vendor credit it. */
export function paidOrphans(state: GenerationState): Orphan[] {
  return state.orphans.filter((orphan) => !orphan.adopted);
}
