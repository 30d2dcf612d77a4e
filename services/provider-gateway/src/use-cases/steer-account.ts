import type { FailureClass } from '@darkroom/contract';
import type { VendorNews } from '@darkroom/domain';
import type { ModelAccess } from '../accounts.js';
import type { SubmitOutcome } from '../adapters/account-gate.js';
import type { GatewayPorts } from '../gateway-ports.js';

/** How long a vendor without room is left alone where it does not say. */
const capacityHoldSeconds = { full: 1, overloaded: 0.5 } as const;

/** What the answer to a submit says about the account as a whole, for all of its work. */
export async function steerAccount(
  ports: GatewayPorts,
  access: ModelAccess,
  news: VendorNews,
  wasProbe: boolean,
  restSeconds = 0,
): Promise<void> {
  const { id } = access.account;
  if (news.kind === 'refused' && (await pauseAccount(ports, id, news.failureClass))) return;
  const outcome = outcomeOf(news);
  if (outcome === undefined) {
    if (wasProbe) await ports.gate.returnProbe(id);
    return;
  }
  if (outcome === 'accepted') ports.refusedLooks.answered(id);
  const { limits } = ports.accounts.of(id);
  await hearAccount(ports, id, outcome, {
    wasProbe,
    slots: Math.max(limits.concurrent, 1),
    ...holdOf(ports, news, outcome, restSeconds),
  });
}

/** Tells the gate what came of a submit to an account, and the log what that changed. */
export async function hearAccount(
  { gate, logger }: Pick<GatewayPorts, 'gate' | 'logger'>,
  account: string,
  outcome: SubmitOutcome,
  how: Parameters<GatewayPorts['gate']['hear']>[2],
): Promise<void> {
  const change = await gate.hear(account, outcome, how);
  if (change === 'opened') logger.error({ account }, 'its submits fail; the breaker is open');
  else if (change !== null) logger.info({ account }, 'the vendor takes submits again');
}

/**
 * Pauses an account that its vendor refuses, whatever it was asked.
 * @returns whether that is what the failure means
 */
export async function pauseAccount(
  ports: Pick<GatewayPorts, 'gate' | 'logger'>,
  account: string,
  failureClass: FailureClass,
): Promise<boolean> {
  if (!refusesAccount(failureClass)) return false;
  const isNew = await ports.gate.pause(account, failureClass);
  if (isNew)
    ports.logger.error({ account, class: failureClass }, 'the vendor refuses the account; it is paused');
  return true;
}

/** Whether a vendor that says so refuses the account itself, and not what it was asked. */
export const refusesAccount = (failureClass: FailureClass): boolean =>
  failureClass === 'FAILURE_CLASS_UNAUTHORIZED' || failureClass === 'FAILURE_CLASS_INSUFFICIENT_CREDIT';

/** Undefined: it says nothing of the vendor. */
function outcomeOf(news: VendorNews): SubmitOutcome | undefined {
  switch (news.kind) {
    case 'accepted':
    case 'produced':
    case 'ended':
      return 'accepted';
    case 'unknown':
      // Who knows the key reads what is sent, and answers.
      return news.cause === 'UNKNOWN_CAUSE_KEY_USED' ? 'answered' : 'unknown';
    case 'refused':
      return outcomeOfRefusal(news.failureClass);
    default:
      return undefined;
  }
}

function outcomeOfRefusal(failureClass: FailureClass): SubmitOutcome {
  switch (failureClass) {
    case 'FAILURE_CLASS_RATE_LIMITED':
      return 'full';
    case 'FAILURE_CLASS_OVERLOADED':
      return 'overloaded';
    case 'FAILURE_CLASS_INVALID_REQUEST':
    case 'FAILURE_CLASS_NOT_FOUND':
    case 'FAILURE_CLASS_CONTENT_REJECTED':
      return 'answered';
    default:
      return 'failed';
  }
}

/** For how long the vendor is left alone: where it has no room, or says that it will have none. */
function holdOf(
  ports: GatewayPorts,
  news: VendorNews,
  outcome: SubmitOutcome,
  restSeconds: number,
): { holdSeconds?: number } {
  const isFull = news.kind === 'refused' && (outcome === 'full' || outcome === 'overloaded');
  const asked = isFull ? (news.retryAfterSeconds ?? capacityHoldSeconds[outcome]) : 0;
  const seconds = Math.max(asked, restSeconds);
  return seconds > 0 ? { holdSeconds: Math.min(seconds, ports.policy.maxRetryAfterSeconds) } : {};
}
