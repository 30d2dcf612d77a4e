/** Where a look at what is due begins. */
export interface DueFloor {
  /** For a look that claims. Null: at the beginning, now and then. */
  next(): Date | null;
  /** For a look that tells nothing about what lies below. */
  present(): Date | null;
  /** What a look found: all that was due at its time, or as much as it may take, up to this due time. */
  looked(look: { readonly at: Date; readonly reachedTheEnd: boolean; readonly lastDue: Date | null }): void;
}

/** Writers set due times by the database's clock and commit within this time, else a look without a floor finds the row. */
const marginMs = 2_000;
/** A look without a floor at least so often. */
const wholeEveryMs = 10_000;

/**
 * Remembers up to where this process has looked. Looks walk over every dead entry of the index above it, and over none below: with
 * a snapshot held elsewhere they would otherwise cost by all that was ever claimed since.
 */
export function dueFloor(now: () => number = () => performance.now()): DueFloor {
  let floor: Date | null = null;
  let wholeAt = Number.NEGATIVE_INFINITY;
  let askedWhole = false;
  return {
    next() {
      if (now() - wholeAt < wholeEveryMs) return floor;
      askedWhole = true;
      return null;
    },
    present: () => floor,
    looked({ at, reachedTheEnd, lastDue }) {
      // A look that failed was none: the next one is whole again.
      if (askedWhole) wholeAt = now();
      askedWhole = false;
      const reached = reachedTheEnd ? at : lastDue;
      if (reached === null) return;
      // The clock of the database may be set back: then the floor follows it.
      floor = new Date(reached.getTime() - marginMs);
    },
  };
}
