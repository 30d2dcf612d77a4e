/** Lets a few through at a time, in their order. */
export interface Gate {
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** A decoded picture takes up to a quarter of a gigabyte: downloads run side by side, decoding does not. */
export function gateFor(places: number): Gate {
  let free = places;
  const waiting: (() => void)[] = [];
  return {
    run: async (work) => {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        // The place passes on without being free in between.
        if (next) next();
        else free += 1;
      }
    },
  };
}
