import { type Attempt, type GenerationState, isFinal, isNamed, type Money } from '@darkroom/domain';

const usd = (money: Money | null): bigint | undefined =>
  isNamed(money) && money.currency === 'USD' ? BigInt(money.micros) : undefined;

/** What the vendor said, else what was expected: of what is not known, the worst is assumed. */
function ofAttempt({ charge, cost, estimatedCost }: Attempt): bigint {
  if (charge === 'CHARGE_NONE') return 0n;
  return usd(cost) ?? usd(estimatedCost) ?? 0n;
}

/**
 * What a generation costs its tenant, in millionths of a US dollar: what was charged, what may have been, and, until it ends, what it
 * was expected to cost where nothing is charged yet.
 */
export function spentMicros(state: GenerationState): bigint {
  const attempts = state.attempts.reduce((sum, attempt) => sum + ofAttempt(attempt), 0n);
  const otherJobs = state.orphans
    .filter(
      ({ attempt: number, vendorJobId, adopted }) =>
        !adopted &&
        !state.attempts.some((attempt) => attempt.number === number && attempt.vendorJobId === vendorJobId),
    )
    .reduce((sum, { charge, cost }) => sum + (charge === 'CHARGE_NONE' ? 0n : (usd(cost) ?? 0n)), 0n);
  const reserved = isFinal(state.phase) || attempts > 0n ? 0n : (usd(state.estimatedCost) ?? 0n);
  return attempts + otherJobs + reserved;
}
