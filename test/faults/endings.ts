import { currentAttempt, type GenerationState } from '@darkroom/domain';
import type { LedgerLine } from './client.js';

/** Models of the simulator: one for each kind of submission contract. */
export const vendorModels = ['standard', 'keyed', 'reject', 'blind', 'inline'] as const;
export type VendorModel = (typeof vendorModels)[number];

/** The pictures are there; what follows is the artifact service's. */
export const isProduced = ({ phase }: GenerationState): boolean => phase === 'storing';

export const isCanceled = ({ phase }: GenerationState): boolean => phase === 'canceled';

/** Nobody knows what became of its submit, and the time in which that may settle itself is over: a person decides. */
export const isQuestion = (state: GenerationState): boolean =>
  state.phase === 'unresolved' && Date.now() > (currentAttempt(state)?.settleUntil ?? Infinity);

export const statusesOf = ({ attempts }: GenerationState): string[] => attempts.map(({ status }) => status);

/** How often the vendor charged. */
export const charges = (ledger: readonly LedgerLine[]): number =>
  ledger.filter((line) => line.charged_micros > 0).length;
