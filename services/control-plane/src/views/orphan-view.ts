import type { Orphan } from '@darkroom/domain';
import { type ChargeWord, chargeWord } from '@darkroom/read-models';
import { money, type MoneyView } from './words.js';

/** Something that was paid for, or may be billed, and that no generation uses. */
export interface OrphanView {
  readonly attempt: number;
  readonly account: string;
  readonly vendor_job_id: string | null;
  readonly charge: ChargeWord;
  readonly cost: MoneyView | null;
  readonly reason: string;
  readonly adopted: boolean;
}

export function orphanView(orphan: Orphan): OrphanView {
  return {
    attempt: orphan.attempt,
    account: orphan.account,
    vendor_job_id: orphan.vendorJobId === '' ? null : orphan.vendorJobId,
    charge: chargeWord(orphan.charge),
    cost: money(orphan.cost),
    reason: orphan.reason,
    adopted: orphan.adopted,
  };
}
