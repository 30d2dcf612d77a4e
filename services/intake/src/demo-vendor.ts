/** Something that can go wrong at a vendor, for people. */
export interface Trouble {
  readonly id: string;
  readonly title: string;
  readonly description: string;
}

/** The vendor that a demo brings along: it does what it is told, misbehaving included. No vendor that bills anybody is one. */
export interface DemoVendor {
  /** All that can be asked of it; one of them is that nothing goes wrong. */
  readonly troubles: readonly Trouble[];
  /** Undefined: it was told something else than any of these. */
  current(): string | undefined;
  /** Takes the place of what was caused before. */
  cause(id: string): void;
}
