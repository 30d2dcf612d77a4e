import { describeStatus, type GenerationState } from '@darkroom/domain';

/** What a generation waits for, as it stands in answers. */
export interface StatusReason {
  readonly code: string;
  readonly message: string;
  /** RFC 3339. */
  readonly until?: string;
}

/** What it waits for at this time (epoch milliseconds); null where its status says all. */
export function statusReason(state: GenerationState, now: number): StatusReason | null {
  const { reason } = describeStatus(state, now);
  if (reason === null) return null;
  const { code, message, until } = reason;
  return { code, message, ...(until === undefined ? {} : { until: new Date(until).toISOString() }) };
}
