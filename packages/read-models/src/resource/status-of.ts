import type { Phase } from '@darkroom/domain';

/** What clients see of a phase. */
export type GenerationStatus = 'queued' | 'processing' | 'verifying' | 'succeeded' | 'failed' | 'canceled';

const statuses: Readonly<Record<Phase, GenerationStatus>> = {
  requested: 'queued',
  waiting: 'queued',
  submitting: 'processing',
  unresolved: 'processing',
  processing: 'processing',
  storing: 'verifying',
  succeeded: 'succeeded',
  failed: 'failed',
  canceled: 'canceled',
};

/** The status word of a phase. */
export function statusOf(phase: Phase): GenerationStatus {
  return statuses[phase];
}
