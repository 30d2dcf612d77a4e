import type { EventType } from '@darkroom/contract';
import type { FeedListener } from '../adapters/feed-listener.js';

const finalTypes: readonly EventType[] = ['GenerationCompleted', 'GenerationFailed', 'GenerationCanceled'];

/** What waiting needs; `read` gives the generation as of now. */
export interface WaitPorts<T> {
  attach(): Promise<FeedListener>;
  read(): Promise<T>;
  isFinal(generation: T): boolean;
}

/**
 * Holds on until the generation's run has ended, the time is over or the signal comes; then the generation as it is. Listens
 * before it looks: what ends between the two is heard.
 */
export async function waitForEnd<T>(
  ports: WaitPorts<T>,
  wait: { readonly generation: string; readonly milliseconds: number; readonly signal: AbortSignal },
): Promise<T> {
  const deadline = performance.now() + wait.milliseconds;
  const listener = await ports.attach();
  const end = (): void => listener.close();
  wait.signal.addEventListener('abort', end, { once: true });
  if (wait.signal.aborted) end();
  try {
    for (;;) {
      const generation = await ports.read();
      if (ports.isFinal(generation) || performance.now() >= deadline) return generation;
      if (!(await heardOfEnd(listener, wait.generation, deadline))) return await ports.read();
    }
  } finally {
    wait.signal.removeEventListener('abort', end);
    listener.close();
  }
}

/** @returns false when there is nothing to wait for any more */
async function heardOfEnd(listener: FeedListener, generation: string, deadline: number): Promise<boolean> {
  for (;;) {
    const left = deadline - performance.now();
    const woken = left <= 0 ? 'timeout' : await listener.next(left);
    if (woken === 'timeout' || woken === 'closed') return false;
    if (woken === 'overflow') {
      // The end may have been among what was thrown away: look again.
      listener.reset();
      return true;
    }
    for (const event of listener.take())
      if (event.generation === generation && finalTypes.includes(event.type)) return true;
  }
}
