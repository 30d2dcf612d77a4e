import { type StartProcess, supervise, type Supervised, type SuperviseOptions } from './supervise.js';

/** The processes of one Darkroom, in layers: a layer stands on those before it, and stops before them. */
export class Fleet {
  private readonly layers: Supervised[][] = [];
  private readonly listeners: (() => void)[] = [];

  constructor(private readonly options: Omit<SuperviseOptions, 'onChange'>) {}

  /**
   * All of one layer at once. Those that started are kept for `stop`, also where another did not.
   * @throws what the first that did not start threw
   */
  async start(layer: readonly { readonly name: string; readonly start: StartProcess }[]): Promise<void> {
    const there: Supervised[] = [];
    this.layers.push(there);
    const outcomes = await Promise.allSettled(
      layer.map(async ({ name, start }) => {
        there.push(await supervise(name, start, { ...this.options, onChange: () => this.changed() }));
      }),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /** Of those that live now. */
  processes(): { readonly name: string; readonly pid: number }[] {
    return this.layers.flat().flatMap(({ name, pid }) => (pid === undefined ? [] : [{ name, pid }]));
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  async stop(): Promise<void> {
    for (const layer of this.layers.toReversed()) await Promise.all(layer.map(async (one) => one.stop()));
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}
