import { type Phase, type Status, statusOfPhase } from '@darkroom/domain';

/** What clients see of a phase. */
export type GenerationStatus = Status;

/** The status word of a phase. */
export function statusOf(phase: Phase): GenerationStatus {
  return statusOfPhase[phase];
}
