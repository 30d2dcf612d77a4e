import { attemptOf, type GenerationEvent, type GenerationState } from '@darkroom/domain';
import { sheetFor } from '@darkroom/providers';
import type { GatewayPorts } from '../gateway-ports.js';
import type { UsualDuration } from '../policy/durations.js';

/** How long jobs of a model take: as was seen here, else as its sheet says. */
export function usualDuration({ durations }: Pick<GatewayPorts, 'durations'>, model: string): UsualDuration {
  const { p50, p95 } = sheetFor(model)?.usualSeconds ?? { p50: 1, p95: 2 };
  return durations.usual(model) ?? { p50Ms: p50 * 1_000, p95Ms: p95 * 1_000, isSeen: false };
}

/** From a job's acceptance to its images. What came late, or with the answer itself, says nothing of when to look. */
export function noteDurations(
  { durations, now }: Pick<GatewayPorts, 'durations' | 'now'>,
  state: GenerationState,
  events: readonly GenerationEvent[],
): void {
  if (events.some(({ type }) => type === 'SubmissionAccepted' || type === 'SubmissionResolved')) return;
  for (const event of events) {
    if (event.type !== 'OutputsProduced') continue;
    const attempt = attemptOf(state, event.data.attempt);
    if (attempt === undefined || attempt.acceptedAt === null || attempt.unknownSince !== null) continue;
    durations.note(attempt.model, now() - attempt.acceptedAt);
  }
}
