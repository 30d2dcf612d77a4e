import { array, assert, asyncProperty, integer, record } from 'fast-check';
import { KeyedScheduler } from './keyed-scheduler.js';

/** Work that ends when told to. */
function gates(): {
  run(name: string): () => Promise<void>;
  open(name: string): void;
  fail(name: string): void;
  started: string[];
} {
  const pending = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();
  const started: string[] = [];
  return {
    started,
    run: (name) => () =>
      new Promise<void>((resolve, reject) => {
        started.push(name);
        pending.set(name, { resolve, reject });
      }),
    open: (name) => pending.get(name)?.resolve(),
    fail: (name) => pending.get(name)?.reject(new Error(name)),
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('keyed scheduler', () => {
  it('never runs one key twice at once, keeps its order, and runs others meanwhile', async () => {
    const gate = gates();
    const scheduler = new KeyedScheduler<number>({ concurrency: 8, capacity: 100 });
    scheduler.add('a', 1, gate.run('a1'));
    scheduler.add('a', 2, gate.run('a2'));
    scheduler.add('b', 3, gate.run('b1'));
    await settle();
    expect(gate.started).toEqual(['a1', 'b1']);
    gate.open('a1');
    await settle();
    expect(gate.started).toEqual(['a1', 'b1', 'a2']);
  });

  it('moves its mark over the contiguous part alone', async () => {
    const gate = gates();
    const scheduler = new KeyedScheduler<number>({ concurrency: 8, capacity: 100 });
    for (const n of [1, 2, 3]) scheduler.add(`k${n}`, n, gate.run(`${n}`));
    scheduler.reach(4);
    gate.open('2');
    gate.open('3');
    await settle();
    expect(scheduler.lowWater).toBeUndefined();
    gate.open('1');
    await settle();
    expect(scheduler.lowWater).toBe(4);
  });

  it('halts at work that rejects: nothing new starts and the mark stays before it', async () => {
    const gate = gates();
    const halted: unknown[] = [];
    const scheduler = new KeyedScheduler<number>({
      concurrency: 1,
      capacity: 100,
      onHalt: () => halted.push(1),
    });
    scheduler.add('a', 1, gate.run('1'));
    scheduler.add('b', 2, gate.run('2'));
    scheduler.add('c', 3, gate.run('3'));
    gate.open('1');
    await settle();
    gate.fail('2');
    await settle();
    expect(gate.started).toEqual(['1', '2']);
    expect(scheduler.lowWater).toBe(1);
    expect(scheduler.halted?.error).toEqual(new Error('2'));
    expect(halted).toEqual([1]);
    await scheduler.idle();
    await scheduler.room();
  });

  it('makes the reader wait at its capacity', async () => {
    const gate = gates();
    const scheduler = new KeyedScheduler<number>({ concurrency: 1, capacity: 2 });
    scheduler.add('a', 1, gate.run('1'));
    scheduler.add('a', 2, gate.run('2'));
    let room = false;
    const waiting = scheduler.room().then(() => (room = true));
    await settle();
    expect(room).toBe(false);
    gate.open('1');
    await waiting;
    expect(room).toBe(true);
  });

  it('closes: what has not started never runs, what runs is awaited and counts', async () => {
    const gate = gates();
    const scheduler = new KeyedScheduler<number>({ concurrency: 1, capacity: 10 });
    scheduler.add('a', 1, gate.run('1'));
    scheduler.add('b', 2, gate.run('2'));
    let closed = false;
    const closing = scheduler.close().then(() => (closed = true));
    await settle();
    expect(closed).toBe(false);
    gate.open('1');
    await closing;
    expect(gate.started).toEqual(['1']);
    expect(scheduler.lowWater).toBe(1);
  });

  it('lets no busy key starve the others', async () => {
    const order: string[] = [];
    const scheduler = new KeyedScheduler<number>({ concurrency: 1, capacity: 100 });
    const note = (name: string) => async (): Promise<void> => {
      await settle();
      order.push(name);
    };
    for (let n = 0; n < 20; n += 1) scheduler.add('busy', n, note('busy'));
    scheduler.add('other', 20, note('other'));
    await scheduler.idle();
    expect(order.indexOf('other')).toBeLessThan(3);
  });

  it('holds under any mix of keys, durations and concurrency', async () => {
    const work = array(record({ key: integer({ min: 0, max: 4 }), ticks: integer({ min: 0, max: 4 }) }), {
      maxLength: 40,
    });
    await assert(
      asyncProperty(work, integer({ min: 1, max: 6 }), async (tasks, concurrency) => {
        const scheduler = new KeyedScheduler<number>({ concurrency, capacity: 1_000 });
        const running = new Set<number>();
        const seen = new Map<number, number[]>();
        const done = new Set<number>();
        tasks.forEach(({ key, ticks }, position) => {
          scheduler.add(`${key}`, position, async () => {
            if (running.has(key) || running.size >= concurrency) throw new Error('two at once');
            running.add(key);
            for (let tick = 0; tick < ticks; tick += 1) await settle();
            running.delete(key);
            seen.set(key, [...(seen.get(key) ?? []), position]);
            done.add(position);
            for (let below = 0; below <= (scheduler.lowWater ?? -1); below += 1) {
              if (!done.has(below)) throw new Error('mark beyond undone work');
            }
          });
        });
        await scheduler.idle();
        expect(scheduler.halted).toBeUndefined();
        expect(scheduler.lowWater).toBe(tasks.length === 0 ? undefined : tasks.length - 1);
        for (const positions of seen.values())
          expect(positions).toEqual([...positions].sort((a, b) => a - b));
      }),
      { numRuns: 200 },
    );
  });
});
