/** How often in a row something went wrong, and since when. Milliseconds since the epoch. */
export interface Streak {
  readonly since: number;
  readonly count: number;
}

/** Rows of failures by name, kept in memory: who forgets one only waits for it again. */
export interface Streaks {
  failed(name: string, now: number): Streak;
  ended(name: string): void;
}

/** Holds so many at most; the one that failed the longest ago is forgotten first. */
export function streaks(most: number): Streaks {
  const known = new Map<string, Streak>();
  return {
    failed(name, now) {
      const before = known.get(name);
      const streak = { since: before?.since ?? now, count: (before?.count ?? 0) + 1 };
      known.delete(name);
      known.set(name, streak);
      const [oldest] = known.keys();
      if (known.size > most && oldest !== undefined) known.delete(oldest);
      return streak;
    },
    ended(name) {
      known.delete(name);
    },
  };
}
