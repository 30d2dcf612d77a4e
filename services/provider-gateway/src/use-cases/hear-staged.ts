import type { Attempt, GenerationState } from '@darkroom/domain';
import type { ModelAccess } from '../accounts.js';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { nextOf } from './append-decision.js';
import { hearVendor } from './hear-vendor.js';
import type { Next } from './next.js';
import { newsOfStaged } from './submit-outcome.js';

/** The answer to a submit that somebody staged who did not come to write it down. Null: there is none, or it tells nothing new. */
export async function hearStaged(
  ports: GatewayPorts,
  job: Job,
  state: GenerationState,
  access: ModelAccess,
  attempt: Attempt,
): Promise<Next | null> {
  const staged = await newsOfStaged(ports, job.claim.generation, access, attempt);
  if (staged === null) return null;
  const heard = await hearVendor(ports, job, state, access, attempt, staged);
  return heard.outcome === 'refused' ? null : nextOf(heard);
}
