import type { SubmissionContract } from '../submission-contract.js';
import { contracts } from '../testing/contracts.js';
import { explore } from './explore.js';
import { plantedFaults, product } from './planted-faults.js';
import type { Left, Rules } from './world.js';

/** The same vendors, whose every wait takes a second or few. */
const scaled = (contract: SubmissionContract): SubmissionContract => ({
  ...contract,
  keyScope: typeof contract.keyScope === 'number' ? 5 : contract.keyScope,
  sendBySeconds: 1,
  acceptLagSeconds: 1,
  settlingSeconds: 1,
  submitTimeoutSeconds: 2,
  graceSeconds: 2,
});
const all: Left = { lostReplies: 1, refusals: 1, crashes: 1, requests: 1, webhooks: 1 };

function exploring(name: keyof typeof contracts, rules: Rules, left: Left = all) {
  const begun = performance.now();
  const explored = explore({ contract: scaled(contracts[name]), rules, left });
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const { states, moves, ended, violation } = explored;
  process.stdout.write(
    `explored ${name}: ${states} worlds, ${moves} moves, ${ended} ended, ${seconds} s${violation === null ? '' : `\n  ${violation.what}\n    ${violation.trace.join('\n    ')}`}\n`,
  );
  return explored;
}

describe('everything that can happen in a small world', () => {
  it.each(Object.keys(contracts) as (keyof typeof contracts)[])(
    'leads to one charge, and to an end: %s',
    (name) => {
      const { violation, states } = exploring(name, product);
      expect(violation).toBeNull();
      expect(states).toBeGreaterThan(10_000);
    },
  );
});

describe('a planted fault is found, with a way there', () => {
  it('sending without a look at send_by', () => {
    expect(exploring('lookup', plantedFaults.noSendBy).violation?.what).toContain('2 charges');
  });
  it('repeating a blind vendor’s unknown submit', () => {
    expect(exploring('blindPolled', plantedFaults.blindRepeat).violation?.what).toContain('2 charges');
  });
  it('concluding at once that a submit is not there', () => {
    expect(exploring('lookup', plantedFaults.notThereAtOnce).violation?.what).toContain('2 charges');
  });
  it('dropping a cancellation that comes while a submit is in flight', () => {
    const { violation } = exploring('lookup', plantedFaults.cancelDropped);
    expect(violation?.what).toContain('canceled and yet');
    expect(violation?.trace.some((line) => line.includes('the client cancels'))).toBe(true);
  });
});
