import type { FailureClass } from '@darkroom/contract';
import type { ModelAccess } from '../accounts.js';
import type { GatewayPorts, Job } from '../gateway-ports.js';
import { pauseAccount, refusesAccount } from './steer-account.js';

/** An answer to a question about a job. */
interface Answer {
  readonly kind: string;
  readonly failureClass?: FailureClass;
  readonly retryAfterSeconds?: number | null;
}

/** One job that may not be seen says nothing of the account. */
const fewestRefused = 2;

/**
 * What an answer to a question says beside the job: that the account is refused, which pauses it, or that its vendor wants to be left
 * alone for a while.
 * @returns before when it should not be asked again, in milliseconds since the epoch; 0: it does not say
 */
export async function heedAnswer(
  ports: GatewayPorts,
  { claim: { generation } }: Job,
  { account: { id } }: ModelAccess,
  { kind, failureClass, retryAfterSeconds }: Answer,
): Promise<number> {
  if (kind === 'job' || kind === 'found' || kind === 'absent' || kind === 'not_found')
    ports.refusedLooks.answered(id);
  if (failureClass === undefined) return 0;
  if (refusesAccount(failureClass) && ports.refusedLooks.refused(id, generation) >= fewestRefused) {
    ports.refusedLooks.heeded(id);
    await pauseAccount(ports, id, failureClass);
  }
  return ports.now() + Math.min(retryAfterSeconds ?? 0, ports.policy.maxRetryAfterSeconds) * 1000;
}
