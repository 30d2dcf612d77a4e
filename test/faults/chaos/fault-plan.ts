import { oneOf, randomFrom } from './random.js';

/** What can be done to a link: nobody answers; it is slow; connections are cut; what is sent is held back, and nobody hears of it. */
export type LinkFault = 'down' | 'slow' | 'cut' | 'mute';

/** One thing that is done to the running system, at a time of its own (seconds after the start). */
export type Fault =
  | { readonly at: number; readonly kind: 'kill'; readonly process: string }
  | { readonly at: number; readonly kind: 'pause'; readonly process: string; readonly seconds: number }
  | { readonly at: number; readonly kind: 'stop'; readonly process: string }
  | {
      readonly at: number;
      readonly kind: 'link';
      readonly link: string;
      readonly how: LinkFault;
      readonly seconds: number;
    };

export interface PlanOptions {
  readonly seed: number;
  readonly seconds: number;
  /** A process is killed, paused or told to stop so often. */
  readonly everySeconds: number;
  readonly processes: readonly string[];
  /** Killed and paused more seldom: each takes seconds to come back. */
  readonly servers: readonly string[];
  /** Paused for a few seconds at most: a vendor that answers later breaks its own contract. */
  readonly shortPauses: readonly string[];
  readonly links: readonly string[];
}

/** When the last of them is over, in seconds after the start. */
export const endOf = (faults: readonly Fault[]): number =>
  Math.max(0, ...faults.map((fault) => fault.at + ('seconds' in fault ? fault.seconds : 0)));

/** Of what is done to processes: kills as a rule, and whatever the dice say at least so many. */
const killShare = 0.85;
const leastKillShare = 0.75;
const pauseShare = 0.95;
const serverShare = 0.15;

/** What will be done, by the seed alone. Pauses are longer than the leases now and then: their holder comes back and is wrong. */
export function faultPlan(options: PlanOptions): Fault[] {
  const random = randomFrom(options.seed);
  const faults: Fault[] = [];
  for (let at = options.everySeconds; at < options.seconds; at += options.everySeconds) {
    const pool = random() < serverShare && options.servers.length > 0 ? options.servers : options.processes;
    const process = oneOf(random, pool);
    const share = random();
    const kills = faults.filter(({ kind }) => kind === 'kill').length;
    const isOwed = kills < (faults.length + 1) * leastKillShare - 1 + 1e-9 || share < killShare;
    if (isOwed) faults.push({ at, kind: 'kill', process });
    else if (share < pauseShare)
      faults.push({
        at,
        kind: 'pause',
        process,
        seconds: random() < 0.3 && !options.shortPauses.includes(process) ? 14 : 1 + 3 * random(),
      });
    else faults.push({ at, kind: 'stop', process });
  }
  if (options.links.length > 0)
    for (let at = 2.5 * options.everySeconds; at < options.seconds; at += 3 * options.everySeconds) {
      const how = oneOf<LinkFault>(random, ['down', 'slow', 'cut', 'mute']);
      faults.push({ at, kind: 'link', link: oneOf(random, options.links), how, seconds: 0.5 + 3 * random() });
    }
  return faults.toSorted((a, b) => a.at - b.at);
}
