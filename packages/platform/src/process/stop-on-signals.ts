import type { Logger } from '../logging/logger.js';

export interface StopOnSignalsOptions {
  readonly logger: Logger;
  /** How long to keep serving after the signal, while load balancers take this process out. */
  readonly drainSeconds: number;
  /** How long stopping may take, the drain not counted; then the process ends with code 1. Default 60. */
  readonly mostSeconds?: number;
  /** Called at once: readiness turns false here. */
  readonly onStopping?: () => void;
  /** Default: process.exit. */
  readonly exit?: (code: number) => void;
}

/**
 * Stops the process in order on SIGTERM or SIGINT: keep serving while drained, stop, exit. Repeated SIGTERMs change nothing;
 * a second SIGINT forces the end. Returns its own undoing.
 */
export function stopOnSignals(stop: () => Promise<void>, options: StopOnSignalsOptions): () => void {
  const exit = options.exit ?? ((code: number) => process.exit(code));
  let stopping = false;
  let interrupts = 0;

  const run = async (signal: string): Promise<void> => {
    options.logger.info({ signal, drainSeconds: options.drainSeconds }, 'stopping');
    options.onStopping?.();
    if (options.drainSeconds > 0)
      await new Promise((resolve) => setTimeout(resolve, options.drainSeconds * 1000));
    let code = 0;
    const mostSeconds = options.mostSeconds ?? 60;
    const bound = setTimeout(() => {
      options.logger.error({ mostSeconds }, 'did not stop in time');
      exit(1);
    }, mostSeconds * 1000);
    try {
      await stop();
      options.logger.info('stopped');
    } catch (error) {
      code = 1;
      options.logger.error({ err: error }, 'did not stop cleanly');
    }
    clearTimeout(bound);
    exit(code);
  };

  const onSignal = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGINT') interrupts += 1;
    if (interrupts >= 2) exit(130);
    if (stopping) return;
    stopping = true;
    void run(signal);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return () => {
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
  };
}
