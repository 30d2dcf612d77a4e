import type { SubmissionContract } from '../submission-contract.js';
import { contracts } from '../testing/contracts.js';
import type { Left, Request } from './world.js';

/** The same vendors, whose every wait takes a second or few. */
const scaled = (contract: SubmissionContract): SubmissionContract => ({
  ...contract,
  sendBySeconds: 1,
  acceptLagSeconds: 1,
  settlingSeconds: 1,
  submitTimeoutSeconds: 2,
  graceSeconds: 2,
});

/** A vendor of each class. A key that is remembered for ever outlasts every deadline; one that is not is a world of its own. */
export const vendors = {
  lookup: scaled(contracts.lookup),
  lookupWithoutProof: scaled(contracts.lookupWithoutProof),
  keyedReplay: { ...scaled(contracts.keyedReplay), keyScope: 'forever' },
  keyedReplayForATime: { ...scaled(contracts.keyedReplay), keyScope: 5 },
  keyedReject: scaled(contracts.keyedReject),
  blindPolled: scaled(contracts.blindPolled),
  blindInline: scaled(contracts.blindInline),
} as const satisfies Record<string, SubmissionContract>;
export type VendorName = keyof typeof vendors;

/** What may happen in a world. Stalls of any length, time and the deadline are in each of them. */
export interface Mishaps {
  readonly left: Left;
  readonly asks: readonly Request[];
}

const nothing: Left = { lostReplies: 0, refusals: 0, crashes: 0, webhooks: 0, cancels: 0, orders: 0 };
const asks = ['cancel', 'retry', 'fail', 'settle', 'adopt'] as const;
/** Each of it once, in any order. */
const everything: Left = { lostReplies: 1, refusals: 0, crashes: 1, webhooks: 1, cancels: 1, orders: 1 };

/** Worlds in which mishaps meet. */
export const worlds = {
  everything: { left: everything, asks },
  'a refusal, and people': { left: { ...nothing, refusals: 1, cancels: 1, orders: 1 }, asks },
  'two orders': { left: { ...nothing, orders: 2 }, asks },
} as const satisfies Readonly<Record<string, Mishaps>>;

/** Of a vendor that forgets its keys, which the others differ from in that alone. */
const forgetful: readonly Mishaps[] = [
  { left: { ...everything, orders: 0 }, asks },
  { left: { ...everything, webhooks: 0, cancels: 0 }, asks },
];

/** The worlds of a vendor. */
export const worldsOf = (vendor: VendorName): readonly Mishaps[] =>
  vendor === 'keyedReplayForATime' ? forgetful : Object.values(worlds);

/** A world in which a written policy has something to answer: of one run alone, as orders begin others. */
export const unanswered: Mishaps = {
  left: { ...nothing, lostReplies: 2, crashes: 1, webhooks: 1, cancels: 1 },
  asks: ['cancel'],
};

/** Worlds in which they are kept apart: what is found in none of them takes several at once. */
export const worldsApart = {
  'answers and gateways': { left: { ...nothing, lostReplies: 1, crashes: 1, webhooks: 1 }, asks: [] },
  cancellation: { left: { ...nothing, lostReplies: 1, cancels: 1 }, asks: ['cancel'] },
  'a person settles': { left: { ...nothing, orders: 1 }, asks: ['settle'] },
  'an operator retries': { left: { ...nothing, orders: 1 }, asks: ['retry'] },
  'an operator adopts': { left: { ...nothing, refusals: 1, webhooks: 1, orders: 1 }, asks: ['adopt'] },
} as const satisfies Readonly<Record<string, Mishaps>>;
