import type { DemoVendor, Trouble } from '@darkroom/intake';
import type { FaultsInput, RunningSimulator } from '@darkroom/simulator';

interface Fault extends Trouble {
  readonly faults: FaultsInput;
}

/** What a visitor of the demo may do to its vendor, in words, and what that means to the simulator. */
const faults: readonly Fault[] = [
  {
    id: 'none',
    title: 'All is well',
    description: 'The vendor answers, draws for a second or two, and hands over good pictures.',
    faults: {},
  },
  {
    id: 'lost_replies',
    title: 'Lose 1 in 5 replies',
    description: 'It takes the job and charges for it, but its answer never arrives.',
    faults: { submit: { drop_reply: 0.2 } },
  },
  {
    id: 'at_capacity',
    title: 'At capacity',
    description: 'It turns most requests away for now, and asks to come back in 4 seconds.',
    faults: { submit: { status: { 429: 0.75 }, retry_after: '4' } },
  },
  {
    id: 'corrupt_pictures',
    title: 'Corrupt pictures',
    description: 'Half of the downloads are damaged on the way.',
    faults: { output: { corrupt: 0.25, truncate: 0.25 } },
  },
  {
    id: 'slow',
    title: 'Slow',
    description: 'Each job takes it 20 to 40 seconds.',
    faults: { job: { seconds: [20, 40] } },
  },
  {
    id: 'down',
    title: 'Down',
    description: 'Every call is answered with 503, until you put it right again.',
    faults: { submit: { status: { 503: 1 } }, poll: { status: { 503: 1 } }, output: { status: { 503: 1 } } },
  },
];

/** The embedded simulator, as the gallery's visitors may use it. */
export function simulatedVendor(simulator: Pick<RunningSimulator, 'hasFaults' | 'setFaults'>): DemoVendor {
  return {
    troubles: faults.map(({ id, title, description }) => ({ id, title, description })),
    current: () => faults.find((one) => simulator.hasFaults(one.faults))?.id,
    cause(id) {
      const wanted = faults.find((one) => one.id === id);
      if (wanted) simulator.setFaults(wanted.faults);
    },
  };
}
