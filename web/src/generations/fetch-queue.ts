/** Events come in bursts; a generation is fetched at most once in so long. */
const gatherFor = 120;

/** Fetches at once. */
const width = 3;

/**
 * Turns many hints about a few generations into few fetches: hints of one burst become one, and a hint that comes while
 * its generation is being fetched leads to one more fetch after it.
 */
export class FetchQueue {
  private readonly wanted = new Set<string>();
  private readonly running = new Set<string>();
  private timer: number | undefined;

  constructor(private readonly fetchOne: (id: string) => Promise<void>) {}

  add(id: string): void {
    this.wanted.add(id);
    this.timer ??= window.setTimeout(() => this.flush(), gatherFor);
  }

  stop(): void {
    window.clearTimeout(this.timer);
    this.timer = undefined;
    this.wanted.clear();
  }

  private flush(): void {
    this.timer = undefined;
    for (const id of this.wanted) {
      if (this.running.size >= width) break;
      if (this.running.has(id)) continue;
      this.wanted.delete(id);
      this.running.add(id);
      void this.fetchOne(id).finally(() => {
        this.running.delete(id);
        if (this.wanted.size > 0) this.timer ??= window.setTimeout(() => this.flush(), gatherFor);
      });
    }
  }
}
