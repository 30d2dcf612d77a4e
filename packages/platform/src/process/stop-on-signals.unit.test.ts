import { createLogger } from '../logging/logger.js';
import { stopOnSignals, type StopOnSignalsOptions } from './stop-on-signals.js';

const logger = createLogger({ service: 'test', level: 'silent' });

/** Listens as a process does; signals are only told to it, so that the test runs on. */
async function withSignals(
  stop: () => Promise<void>,
  options: Partial<StopOnSignalsOptions>,
  run: (exits: Promise<number>, calls: { stops: number; leaves: number }) => Promise<void>,
): Promise<void> {
  const calls = { stops: 0, leaves: 0 };
  let exit: (code: number) => void = () => undefined;
  const exits = new Promise<number>((resolve) => (exit = resolve));
  const counted = async (): Promise<void> => {
    calls.stops += 1;
    await stop();
  };
  const onStopping = (): void => void (calls.leaves += 1);
  const undo = stopOnSignals(counted, { logger, drainSeconds: 0, onStopping, exit, ...options });
  try {
    await run(exits, calls);
  } finally {
    undo();
  }
}

describe('a process that is told to stop', () => {
  it('leaves, stops once and ends with 0, however often it is told', async () => {
    await withSignals(
      async () => undefined,
      {},
      async (exits, calls) => {
        for (let again = 0; again < 5; again += 1) process.emit('SIGTERM', 'SIGTERM');
        process.emit('SIGINT', 'SIGINT');
        expect(await exits).toBe(0);
        expect(calls).toEqual({ stops: 1, leaves: 1 });
      },
    );
  });

  it('ends with 1 where stopping fails', async () => {
    const fails = async (): Promise<void> => Promise.reject(new Error('no'));
    await withSignals(fails, {}, async (exits) => {
      process.emit('SIGTERM', 'SIGTERM');
      expect(await exits).toBe(1);
    });
  });

  it('ends with 1 where stopping does not come to an end', async () => {
    const never = async (): Promise<void> => new Promise(() => undefined);
    await withSignals(never, { mostSeconds: 0.05 }, async (exits) => {
      process.emit('SIGTERM', 'SIGTERM');
      expect(await exits).toBe(1);
    });
  });

  it('ends at once at the second SIGINT', async () => {
    const never = async (): Promise<void> => new Promise(() => undefined);
    await withSignals(never, { drainSeconds: 1 }, async (exits) => {
      process.emit('SIGINT', 'SIGINT');
      process.emit('SIGINT', 'SIGINT');
      expect(await exits).toBe(130);
    });
  });
});
