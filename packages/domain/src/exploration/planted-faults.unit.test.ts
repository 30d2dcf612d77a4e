import { type Exploration, explore } from './explore.js';
import { plantedFaults } from './planted-faults.js';
import { type Mishaps, type VendorName, vendors, worlds, worldsApart } from './small-worlds.js';
import type { Rules } from './world.js';

function exploring(vendor: VendorName, rules: Rules, world: Mishaps): Exploration {
  return explore({ contract: vendors[vendor], rules, ...world });
}

/** What is wrong, after as few moves as lead there, and the last of them; to be read in whole on standard output. */
function violationOf(fault: string, { states, violation }: Exploration): readonly [string, number, string] {
  if (violation === null) return ['nothing', 0, ''];
  const { what, trace } = violation;
  process.stdout.write(`${fault}, ${states} states: ${what}\n  ${trace.join('\n  ')}\n`);
  // Standard error reaches who runs all tests at once.
  process.stderr.write(`planted fault found in ${trace.length} moves: ${fault}\n`);
  return [what, trace.length, trace.at(-1)?.slice(6) ?? ''];
}

type Fault = readonly [
  fault: string,
  vendor: VendorName,
  rules: Rules,
  violation: readonly [what: string, moves: number, last: string],
];

const free = 'the run ended with no charge for attempt 1, and the vendor has job-1';
const paidTwice = '2 charges at the vendor, and nobody accepted the second';

describe('a planted fault is found, with a shortest way there', () => {
  const { noSendBy, blindRepeat, notThereAtOnce, cancelDropped, firstSendSettles } = plantedFaults;
  const { keyUsedToTheLast, abandonOutlivesItsAttempt, lateJobIsAnOrphan } = plantedFaults;
  const { repeatedAfterCancel, earlierRunsAreForgotten } = plantedFaults;
  it.each<Fault>([
    [
      'no look at send_by before sending',
      'lookup',
      noSendBy,
      [free, 10, 'B tells of attempt 1: absent [failed]'],
    ],
    [
      'a blind vendor’s unknown submit is repeated',
      'blindPolled',
      blindRepeat,
      [free, 5, 'A tells of attempt 1: unknown [canceled]'],
    ],
    [
      'the same of one that answers with images',
      'blindInline',
      blindRepeat,
      [free, 5, 'A tells of attempt 1: unknown [canceled]'],
    ],
    [
      'the first empty listing is proof',
      'lookup',
      notThereAtOnce,
      [free, 7, 'A tells of attempt 1: absent [canceled]'],
    ],
    [
      'a cancellation is dropped as a duplicate',
      'lookup',
      cancelDropped,
      ['the run is canceled and yet storing', 5, 'a webhook tells of job-1: done [storing]'],
    ],
    [
      'the first send’s fate settles the second',
      'keyedReplay',
      firstSendSettles,
      [free, 9, 'A tells of attempt 1: not_sent [canceled]'],
    ],
    [
      'a key is used to the last',
      'keyedReplayForATime',
      keyUsedToTheLast,
      [
        '2 charges at the vendor for attempt 1',
        12,
        'vendor gets the submission of attempt 1 from A: job-2, running [unresolved]',
      ],
    ],
    [
      'an order to abandon befalls the next attempt',
      'lookup',
      abandonOutlivesItsAttempt,
      [
        'attempt 3 may be started beside the charge of attempt 2, which nobody accepted',
        14,
        'A may submit once more [waiting]',
      ],
    ],
    [
      'a job that turns up before a new run sends anything is not used',
      'blindPolled',
      lateJobIsAnOrphan,
      [paidTwice, 14, 'vendor gets the submission of attempt 2 from A: job-2, running [submitting]'],
    ],
    [
      'a repeat is sent after a cancellation',
      'keyedReject',
      repeatedAfterCancel,
      ['something is sent that was asked to end', 6, 'B records a repeat of attempt 1 [unresolved]'],
    ],
    [
      'news of an earlier run are dropped',
      'blindPolled',
      earlierRunsAreForgotten,
      ['job-1 was heard of and is on no record', 11, 'A tells of attempt 1: accepted [requested]'],
    ],
  ])('%s', (fault, vendor, rules, violation) => {
    expect(violationOf(fault, exploring(vendor, rules, worlds.everything))).toEqual(violation);
  });
});

describe('a fault that takes several mishaps is found where they meet, and nowhere else', () => {
  const { cancelOutlivesItsRun, acceptanceIsForEver } = plantedFaults;
  it.each<readonly [...Fault, Mishaps]>([
    [
      'a cancellation outlives its run',
      'lookup',
      cancelOutlivesItsRun,
      ['a run is canceled that nobody canceled', 8, 'A tells of attempt 1: produced [canceled]'],
      worlds.everything,
    ],
    [
      'a second charge that was accepted once is a licence',
      'blindPolled',
      acceptanceIsForEver,
      [paidTwice, 16, 'vendor gets the submission of attempt 2 from A: job-2, running [submitting]'],
      worlds['two orders'],
    ],
  ])('%s', (fault, vendor, rules, violation, world) => {
    const apart = Object.values(worldsApart).map((one) => exploring(vendor, rules, one).violation);
    expect(apart).toEqual(apart.map(() => null));
    expect(violationOf(fault, exploring(vendor, rules, world))).toEqual(violation);
  });
});
