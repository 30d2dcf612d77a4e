import type { VendorNews } from '@darkroom/domain';
import type { ModelAccess } from '../accounts.js';
import type { GatewayPorts } from '../gateway-ports.js';

/** How long a vendor without room is left alone where it does not say. */
const capacityHoldSeconds = { FAILURE_CLASS_RATE_LIMITED: 1, FAILURE_CLASS_OVERLOADED: 0.5 } as const;

/** What the answer to a submit says about the account as a whole, for all of its work. */
export async function steerAccount(
  ports: GatewayPorts,
  access: ModelAccess,
  news: VendorNews,
  wasProbe: boolean,
): Promise<void> {
  const { id } = access.account;
  const { probeSeconds, maxRetryAfterSeconds } = ports.policy;
  if (news.kind === 'accepted' || news.kind === 'produced' || news.kind === 'ended') {
    // A submit that left before the account was refused says nothing of it now.
    if (wasProbe) await ports.gate.resume(id);
    return;
  }
  if (news.kind !== 'refused') return;
  const { failureClass } = news;
  switch (failureClass) {
    case 'FAILURE_CLASS_UNAUTHORIZED':
    case 'FAILURE_CLASS_INSUFFICIENT_CREDIT':
      ports.logger.error(
        { account: id, class: failureClass },
        'the vendor refuses the account; it is paused',
      );
      await ports.gate.pause(id, failureClass, probeSeconds);
      return;
    case 'FAILURE_CLASS_RATE_LIMITED':
    case 'FAILURE_CLASS_OVERLOADED': {
      const seconds = news.retryAfterSeconds ?? capacityHoldSeconds[failureClass];
      await ports.gate.holdBack(id, Math.min(seconds, maxRetryAfterSeconds));
      return;
    }
    default:
  }
}
