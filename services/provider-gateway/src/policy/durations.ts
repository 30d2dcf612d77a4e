/** How long jobs usually take, in milliseconds. */
export interface UsualDuration {
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Whether jobs were seen to take so long here; else it is what the sheet supposes. */
  readonly isSeen: boolean;
}

/** How often a duration fell into each bucket. */
export type Histogram = ReadonlyMap<number, number>;

/** Each bucket is a tenth wider than the one before: quantiles are exact to that. */
const base = 1.1;
/** Of fewer, the sheet knows better. */
const fewest = 20;

export function bucketOf(ms: number): number {
  return Math.round(Math.log(Math.max(ms, 1)) / Math.log(base));
}

const middleOf = (bucket: number): number => base ** bucket;

/** What a history says; undefined: it is too short to say anything. */
export function usualOf(histogram: Histogram): UsualDuration | undefined {
  const buckets = [...histogram].toSorted(([a], [b]) => a - b);
  const all = buckets.reduce((sum, [, n]) => sum + n, 0);
  if (all < fewest) return undefined;
  const at = (share: number): number => {
    let seen = 0;
    for (const [bucket, n] of buckets) {
      seen += n;
      if (seen >= share * all) return middleOf(bucket);
    }
    return middleOf(buckets.at(-1)?.[0] ?? 0);
  };
  return { p50Ms: at(0.5), p95Ms: at(0.95), isSeen: true };
}
