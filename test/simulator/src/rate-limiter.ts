/** At most so many in any second, counted in a sliding window. */
export class RateLimiter {
  private taken: number[] = [];

  constructor(private readonly perSecond: () => number | null) {}

  admits(now: number): boolean {
    const limit = this.perSecond();
    if (limit === null) return true;
    // Below one a second the window grows, so that 0.5 means one in two seconds.
    const window = limit < 1 ? 1_000 / limit : 1_000;
    this.taken = this.taken.filter((at) => now - at < window);
    if (this.taken.length >= Math.max(1, Math.floor(limit))) return false;
    this.taken.push(now);
    return true;
  }
}
