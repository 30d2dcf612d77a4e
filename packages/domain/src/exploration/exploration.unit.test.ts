import type { SubmissionContract } from '../submission-contract.js';
import { contracts } from '../testing/contracts.js';
import { type Exploration, explore } from './explore.js';
import { plantedFaults, product } from './planted-faults.js';
import type { Left, Request, Rules } from './world.js';

type VendorName = keyof typeof contracts;

/** The same vendors, whose every wait takes a second or few. */
const scaled = (contract: SubmissionContract): SubmissionContract => ({
  ...contract,
  keyScope: typeof contract.keyScope === 'number' ? 6 : contract.keyScope,
  sendBySeconds: 1,
  acceptLagSeconds: 1,
  settlingSeconds: 1,
  submitTimeoutSeconds: 2,
  graceSeconds: 2,
});

const nothing: Left = { lostReplies: 0, refusals: 0, crashes: 0, requests: 0, webhooks: 0 };
interface Mishaps {
  readonly left: Left;
  readonly asks: readonly Request[];
}

/** Stalls of any length and time-outs are in each of them. All at once would be too large a world. */
const worlds = {
  mishaps: { left: { ...nothing, lostReplies: 1, crashes: 1, webhooks: 1 }, asks: [] },
  cancellation: { left: { ...nothing, lostReplies: 1, requests: 1 }, asks: ['cancel'] },
  'a person settles': { left: { ...nothing, requests: 1 }, asks: ['settle'] },
  'an operator retries': { left: { ...nothing, requests: 1 }, asks: ['retry'] },
  'an operator adopts': { left: { ...nothing, refusals: 1, webhooks: 1, requests: 1 }, asks: ['adopt'] },
} as const satisfies Readonly<Record<string, Mishaps>>;
type WorldName = keyof typeof worlds;
const vendors = Object.keys(contracts) as VendorName[];
const everyWorld = vendors.flatMap((vendor) =>
  (Object.keys(worlds) as WorldName[]).map((world) => [vendor, world] as const),
);

function exploring(
  vendor: VendorName,
  world: WorldName,
  rules: Rules,
  changes: Partial<SubmissionContract> = {},
): Exploration {
  const contract = { ...scaled(contracts[vendor]), ...changes };
  const begun = performance.now();
  const explored = explore({ contract, rules, ...worlds[world] });
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const { states, moves, ended, violation } = explored;
  const trace = violation === null ? '' : `\n  ${violation.what}\n    ${violation.trace.join('\n    ')}`;
  process.stdout.write(
    `${vendor}, ${world}: ${states} worlds, ${moves} moves, ${ended} ended, ${seconds} s${trace}\n`,
  );
  return explored;
}

describe('everything that can happen in a small world leads to one charge, and to an end', () => {
  it.each(everyWorld)('%s: %s', (vendor, world) => {
    const { violation, states } = exploring(vendor, world, product);
    expect(violation).toBeNull();
    expect(states).toBeGreaterThan(1_000);
  });
});

describe('a planted fault is found, with a shortest way there', () => {
  const money = /charges at the vendor|ended without a charge/;
  const { noSendBy, blindRepeat, notThereAtOnce, firstSendSettles, keyUsedToTheLast, cancelDropped } =
    plantedFaults;
  it.each<[string, VendorName, WorldName, Rules, RegExp, Partial<SubmissionContract>]>([
    ['no look at send_by before sending', 'lookup', 'mishaps', noSendBy, money, {}],
    ['a blind vendor’s unknown submit is repeated', 'blindPolled', 'mishaps', blindRepeat, money, {}],
    ['the same of one that answers with images', 'blindInline', 'mishaps', blindRepeat, money, {}],
    ['the first empty listing is proof', 'lookup', 'mishaps', notThereAtOnce, money, {}],
    ['the first send’s fate settles the second', 'keyedReplay', 'mishaps', firstSendSettles, money, {}],
    ['a key is used to the last', 'keyedReplay', 'mishaps', keyUsedToTheLast, money, { keyScope: 4 }],
    ['a cancellation is dropped', 'lookup', 'cancellation', cancelDropped, /canceled and yet/, {}],
  ])('%s', (_fault, vendor, world, rules, what, changes) => {
    const { violation } = exploring(vendor, world, rules, changes);
    expect(violation?.what).toMatch(what);
    expect(violation?.trace.length).toBeGreaterThan(3);
  });
});
