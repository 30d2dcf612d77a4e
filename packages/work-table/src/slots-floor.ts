/** From which number on an account's slots are counted. */
export interface SlotsFloor {
  /** Asks the database for it anew where it is old. */
  of(account: string): Promise<bigint>;
}

/** Asked again so often, from where it was; */
const refreshEveryMs = 1_000;
/** and from the beginning: what took a number long before it was committed is found then at the latest. */
const wholeEveryMs = 10_000;

interface Known {
  floor: bigint;
  refreshedAt: number;
  wholeAt: number;
}

/**
 * Remembers, for each account, below which number no slot is held. Counting walks over every dead entry of the index above it: with
 * a snapshot held elsewhere those are all that were given back since the oldest that is held was taken, and not since the snapshot.
 */
export function slotsFloor(
  ask: (account: string, beyond: bigint) => Promise<bigint>,
  now: () => number = () => performance.now(),
): SlotsFloor {
  const accounts = new Map<string, Known>();
  return {
    async of(account) {
      const known = accounts.get(account) ?? {
        floor: 0n,
        refreshedAt: Number.NEGATIVE_INFINITY,
        wholeAt: Number.NEGATIVE_INFINITY,
      };
      accounts.set(account, known);
      if (now() - known.refreshedAt < refreshEveryMs) return known.floor;
      const whole = now() - known.wholeAt >= wholeEveryMs;
      known.refreshedAt = now();
      if (whole) known.wholeAt = now();
      known.floor = await ask(account, whole ? 0n : known.floor);
      return known.floor;
    },
  };
}
