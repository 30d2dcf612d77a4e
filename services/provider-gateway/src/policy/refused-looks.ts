/** Of which generations an account was refused a look, one after the other. In memory: who forgets it only waits for it again. */
export interface RefusedLooks {
  /** @returns how many generations it was refused for since the account was seen to work */
  refused(account: string, generation: string): number;
  /** It was paused because of these, which say nothing new from here on: a few jobs that may not be seen must not hold it up for ever. */
  heeded(account: string): void;
  /** The account works. */
  answered(account: string): void;
}

const mostKept = 1_000;

export function refusedLooks(): RefusedLooks {
  const known = new Map<string, { readonly fresh: Set<string>; readonly heeded: Set<string> }>();
  const of = (account: string) => {
    const one = known.get(account) ?? { fresh: new Set<string>(), heeded: new Set<string>() };
    known.set(account, one);
    return one;
  };
  return {
    refused(account, generation) {
      const { fresh, heeded } = of(account);
      if (!heeded.has(generation) && fresh.size < mostKept) fresh.add(generation);
      return fresh.size;
    },
    heeded(account) {
      const { fresh, heeded } = of(account);
      for (const generation of fresh) heeded.add(generation);
      fresh.clear();
      for (const oldest of heeded) {
        if (heeded.size <= mostKept) break;
        heeded.delete(oldest);
      }
    },
    answered(account) {
      known.get(account)?.fresh.clear();
    },
  };
}
