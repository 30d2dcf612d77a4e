/** What became of all requests, by the vendor's bill and by what their asker was told. */
export interface Tally {
  readonly requests: number;
  readonly charges: number;
  /** Charges that no request stands for: all but the first of each. */
  readonly beyondOne: number;
  readonly chargedAgain: readonly string[];
  readonly neverCharged: number;
  /** Have their picture. */
  readonly answered: number;
  /** Shown as questions that a person has to answer. */
  readonly open: number;
  /** Neither: nobody will hear of them any more. */
  readonly lost: readonly string[];
}

/** How requests ended for whoever asked, by their prompts. */
export interface Ends {
  readonly answered: ReadonlySet<string>;
  readonly open: ReadonlySet<string>;
}

/**
 * Counts one contestant's run.
 * @param prompts of all requests, each its own
 * @param charges the prompt of each charge on the vendor's bill
 * @throws Error for a charge that belongs to no request
 */
export function tally(
  prompts: readonly string[],
  charges: readonly string[],
  { answered, open }: Ends,
): Tally {
  const times = new Map(prompts.map((prompt) => [prompt, 0]));
  for (const prompt of charges) {
    const before = times.get(prompt);
    if (before === undefined) throw new Error(`a charge for what nobody asked for: ${prompt}`);
    times.set(prompt, before + 1);
  }
  const counts = [...times.values()];
  return {
    requests: prompts.length,
    charges: charges.length,
    beyondOne: counts.reduce((sum, count) => sum + Math.max(0, count - 1), 0),
    chargedAgain: prompts.filter((prompt) => (times.get(prompt) ?? 0) > 1),
    neverCharged: counts.filter((count) => count === 0).length,
    answered: prompts.filter((prompt) => answered.has(prompt)).length,
    open: prompts.filter((prompt) => open.has(prompt)).length,
    lost: prompts.filter((prompt) => !answered.has(prompt) && !open.has(prompt)),
  };
}
