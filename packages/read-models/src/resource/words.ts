import type { Charge, ErrorCode, OutputFormat } from '@darkroom/contract';
import { catalogueEntry } from '@darkroom/domain';

/** What is known of the vendor's bill, as clients read it. */
export type ChargeWord = 'none' | 'possible' | 'certain';

const charges: Readonly<Record<Charge, ChargeWord>> = {
  // Nobody said that there is none.
  CHARGE_UNSPECIFIED: 'possible',
  CHARGE_NONE: 'none',
  CHARGE_POSSIBLE: 'possible',
  CHARGE_CERTAIN: 'certain',
};

/** The word of a charge. */
export function chargeWord(charge: Charge): ChargeWord {
  return charges[charge];
}

/** `ERROR_CODE_OUTCOME_UNKNOWN` is `outcome_unknown` to clients. */
export function errorCodeWord(code: ErrorCode): string {
  return catalogueEntry(code).code;
}

/** `OUTPUT_FORMAT_PNG` is `png` to clients. */
export function formatWord(format: OutputFormat): string {
  return format.replace('OUTPUT_FORMAT_', '').toLowerCase();
}
