/** Waits for a time, or until the signal aborts: then it rejects with the signal's reason. */
export async function interruptibleDelay(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Lets a loop sleep until something may have happened, or for a time. A signal that comes while nobody sleeps is kept. */
export class WakeUp {
  private signaled = false;
  private awaken: (() => void) | undefined;

  /** Wakes the sleeper, or spares it its next sleep. */
  signal(): void {
    this.signaled = true;
    this.awaken?.();
  }

  /** True: was woken; false: the time passed. */
  async sleep(ms: number): Promise<boolean> {
    if (!this.signaled) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.awaken = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.awaken = undefined;
    }
    const woken = this.signaled;
    this.signaled = false;
    return woken;
  }
}
