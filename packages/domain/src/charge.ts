import type { Charge } from '@darkroom/contract';

const order: readonly Charge[] = ['CHARGE_UNSPECIFIED', 'CHARGE_NONE', 'CHARGE_POSSIBLE', 'CHARGE_CERTAIN'];

/** The worse of two: none < possible < certain. */
export function worseCharge(a: Charge, b: Charge): Charge {
  return order.indexOf(a) >= order.indexOf(b) ? a : b;
}

/** The worst of many; none where there are none. */
export function worstCharge(charges: readonly Charge[]): Charge {
  return charges.reduce(worseCharge, 'CHARGE_NONE');
}
