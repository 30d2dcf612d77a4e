import { attemptOf, type GenerationEvent, type GenerationState, isNamed } from '@darkroom/domain';
import type { GatewayPorts } from '../gateway-ports.js';

/**
 * Tells the account's spend of the day what attempts cost, as soon as that is known. Where a crash comes between, the estimate
 * stands, so that more is thought to be spent than was.
 */
export async function settleSpend(
  ports: Pick<GatewayPorts, 'gate' | 'logger'>,
  generation: string,
  state: GenerationState,
  events: readonly GenerationEvent[],
): Promise<void> {
  const touched = new Set(
    events.flatMap((event) =>
      event.type === 'SubmissionStarted' || !('attempt' in event.data) ? [] : [event.data.attempt],
    ),
  );
  for (const number of touched) {
    const attempt = attemptOf(state, number);
    if (attempt === undefined) continue;
    const isFree = attempt.charge === 'CHARGE_NONE';
    const { cost } = attempt;
    // What is told in another currency cannot be added up: the estimate stands.
    if (!isFree && (!isNamed(cost) || cost.currency !== 'USD')) continue;
    try {
      await ports.gate.settle(generation, number, isFree ? 0n : BigInt(cost?.micros ?? 0));
    } catch (error) {
      ports.logger.warn({ err: error, generation, attempt: number }, 'what it cost could not be noted');
    }
  }
}
