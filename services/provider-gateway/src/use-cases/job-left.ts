import { type Attempt, type GenerationState, leftRunning } from '@darkroom/domain';
import type { ModelAccess } from '../accounts.js';
import type { GatewayPorts } from '../gateway-ports.js';
import { mayRunUntil } from '../policy/pace.js';
import { usualDuration } from './usual-duration.js';

/** A job that its run left running. */
export interface JobLeft {
  readonly attempt: Attempt;
  /** By when it is over, as far as time tells. Milliseconds since the epoch. */
  readonly until: number;
  /** Where its vendor can be asked for it, else null. */
  readonly access: ModelAccess | null;
  readonly jobId: string;
}

/** The job that may go on though its run has ended; null: there is none. */
export function jobLeft(
  ports: Pick<GatewayPorts, 'accessTo' | 'durations'>,
  state: GenerationState,
): JobLeft | null {
  const attempt = leftRunning(state);
  if (attempt === undefined) return null;
  const { model, account, acceptedAt } = attempt;
  const jobId = attempt.vendorJobId ?? '';
  const access = ports.accessTo(model, account) ?? null;
  const canBeAsked = access !== null && access.sheet.poll === 'get' && jobId !== '';
  // One may come to light long after its run has ended.
  const leftAt = Math.max(state.finishedAt ?? state.updatedAt, acceptedAt ?? 0);
  const until = mayRunUntil(attempt, leftAt, usualDuration(ports, model), canBeAsked);
  return { attempt, until, access: canBeAsked ? access : null, jobId };
}
