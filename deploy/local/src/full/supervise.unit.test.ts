import { setTimeout as pause } from 'node:timers/promises';
import type { ServerProcess } from '@darkroom/infra';
import { createLogger } from '@darkroom/platform';
import { type StartProcess, supervise, type Supervised } from './supervise.js';

const logger = createLogger({ service: 'test', level: 'silent' });
const pauses = { firstMs: 100, longestMs: 400, aliveMs: 1_000 };

/** Processes that die when they are told to; each knows when it was born. */
class Fakes {
  readonly bornAt: number[] = [];
  readonly dying: (() => void)[] = [];
  stops = 0;
  failing = 0;

  readonly start: StartProcess = async (onSpawn) => {
    this.bornAt.push(performance.now());
    if (this.failing > 0) {
      this.failing -= 1;
      throw new Error('it does not start');
    }
    onSpawn(10_000_000 + this.bornAt.length);
    let die = (): void => undefined;
    const exited = new Promise<void>((resolve) => (die = resolve));
    this.dying.push(die);
    const end = async (): Promise<void> => die();
    const one: ServerProcess = {
      pid: 10_000_000 + this.bornAt.length,
      exited,
      kill: end,
      stop: async () => {
        this.stops += 1;
        die();
      },
    };
    return one;
  };

  die(): void {
    this.dying.at(-1)?.();
  }

  async births(count: number): Promise<void> {
    const end = performance.now() + 5_000;
    while (this.bornAt.length < count) {
      if (performance.now() > end) throw new Error(`${this.bornAt.length} births, not ${count}`);
      await pause(5);
    }
  }

  /** Between the last two births. */
  get lastPause(): number {
    return (this.bornAt.at(-1) ?? 0) - (this.bornAt.at(-2) ?? 0);
  }
}

describe('a supervised process', () => {
  let fakes: Fakes;
  let supervised: Supervised | undefined;
  let changes: number;
  const begin = async (): Promise<Supervised> =>
    (supervised = await supervise('fake', fakes.start, { logger, onChange: () => (changes += 1), pauses }));
  beforeEach(() => {
    fakes = new Fakes();
    changes = 0;
  });
  afterEach(async () => {
    await supervised?.stop();
    supervised = undefined;
  });

  it('is started again after ever longer pauses, up to the longest, for ever', async () => {
    const one = await begin();
    for (const [births, least] of [
      [2, 100],
      [3, 200],
      [4, 400],
      [5, 400],
    ] as const) {
      fakes.die();
      await fakes.births(births);
      expect(fakes.lastPause).toBeGreaterThanOrEqual(least - 20);
      expect(fakes.lastPause).toBeLessThan(least + 350);
    }
    expect(one.pid).toBe(10_000_005);
    // Each birth and each death was told.
    expect(changes).toBe(9);
  });

  it('is started again soon where it lived for long', async () => {
    await begin();
    for (const births of [2, 3, 4]) {
      fakes.die();
      await fakes.births(births);
    }
    await pause(pauses.aliveMs + 50);
    fakes.die();
    const died = performance.now();
    await fakes.births(5);
    expect((fakes.bornAt.at(-1) ?? 0) - died).toBeLessThan(pauses.longestMs - 50);
  });

  it('is tried again where it does not start, and has no id meanwhile', async () => {
    const one = await begin();
    fakes.failing = 2;
    fakes.die();
    await fakes.births(2);
    await pause(20);
    expect(one.pid).toBeUndefined();
    await fakes.births(4);
    await pause(20);
    expect(one.pid).toBe(10_000_004);
  });

  it('that does not start the first time is told, and not tried again', async () => {
    fakes.failing = 1;
    await expect(begin()).rejects.toThrow('it does not start');
    await pause(300);
    expect(fakes.bornAt).toHaveLength(1);
  });

  it('is stopped in order and stays so, also in the pause before its next start', async () => {
    const one = await begin();
    await one.stop();
    expect(fakes.stops).toBe(1);
    await pause(300);
    expect(fakes.bornAt).toHaveLength(1);
    const another = await begin();
    fakes.die();
    await pause(20);
    await another.stop();
    await pause(300);
    expect(fakes.bornAt).toHaveLength(2);
  });
});
