/** One of those that are compared: `run` does one round and tells its figure. */
export interface Contestant {
  readonly name: string;
  readonly run: () => Promise<number>;
}

/** Figures of every round, and their median: what is quoted. */
export interface Standing {
  readonly name: string;
  readonly median: number;
  readonly rounds: readonly number[];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** The p-th percentile (0 to 100) by nearest rank. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil((p / 100) * sorted.length) - 1))] ?? Number.NaN
  );
}

/**
 * Lets contestants take turns, so that what else the machine does meets all of them alike: one round each that is thrown away,
 * then `rounds` each, beginning with another one every time.
 */
export async function inTurns(contestants: readonly Contestant[], rounds: number): Promise<Standing[]> {
  const figures = new Map(contestants.map(({ name }) => [name, [] as number[]]));
  for (const { run } of contestants) await run();
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < contestants.length; turn += 1) {
      const contestant = contestants[(round + turn) % contestants.length];
      if (contestant) figures.get(contestant.name)?.push(await contestant.run());
    }
  }
  return [...figures].map(([name, values]) => ({ name, median: median(values), rounds: values }));
}

/** A contestant's median over another's. */
export function ratio(standings: readonly Standing[], of: string, to: string): number {
  const at = (name: string): number => standings.find((one) => one.name === name)?.median ?? Number.NaN;
  return at(of) / at(to);
}
