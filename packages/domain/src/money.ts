import type { Charge } from '@darkroom/contract';

/** An amount in millionths of a currency's unit, as a decimal string. An empty currency: nobody has named an amount. */
export interface Money {
  readonly micros: string;
  readonly currency: string;
}

/** Nobody has named an amount yet. */
export const noMoney: Money = { micros: '0', currency: '' };

/** Whether an amount was named. */
export function isNamed(money: Money | null): money is Money {
  return money !== null && money.currency !== '';
}

/** Sum of the named amounts; amounts in another currency than the first are left out, as they cannot be added. */
export function sumOf(amounts: readonly Money[]): Money {
  const named = amounts.filter(isNamed);
  const currency = named[0]?.currency ?? '';
  const micros = named
    .filter((money) => money.currency === currency)
    .reduce((sum, money) => sum + BigInt(money.micros), 0n);
  return { micros: micros.toString(), currency };
}

/** What vendors named of attempts, those that turned out to cost nothing as nothing; unnamed where nobody named anything. */
export function billOf(attempts: readonly { readonly cost: Money | null; readonly charge: Charge }[]): Money {
  return sumOf(
    attempts.flatMap(({ cost, charge }) =>
      cost === null ? [] : [charge === 'CHARGE_NONE' ? { ...cost, micros: '0' } : cost],
    ),
  );
}
