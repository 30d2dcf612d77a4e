import type { Money } from '@darkroom/domain';

/** Milliseconds since the epoch as RFC 3339. */
export const time = (at: number): string => new Date(at).toISOString();

export const timeOrNull = (at: number | null): string | null => (at === null ? null : time(at));

/** `UNKNOWN_CAUSE_REPLY_LOST` of the contract is `reply_lost` here. */
export function word(name: string, prefix: string): string {
  return name.replace(`${prefix}_`, '').toLowerCase();
}

export interface MoneyView {
  readonly currency: string;
  readonly micros: string;
}

/** Null where nobody named an amount. */
export function money(amount: Money | null): MoneyView | null {
  return amount === null || amount.currency === ''
    ? null
    : { currency: amount.currency, micros: amount.micros };
}
