import { setTimeout as delay } from 'node:timers/promises';
import { answers } from '@darkroom/infra';

const readyWithinMs = 120_000;

/** Waits for services that run, and may still be joining their groups. @throws NotReady */
export async function untilReady(urls: readonly string[]): Promise<void> {
  const end = performance.now() + readyWithinMs;
  for (const url of urls) {
    while (!(await answers(`${url}/health/ready`))) {
      if (performance.now() > end) throw new NotReady(url);
      await delay(100);
    }
  }
}

/** A service runs, and could not do its work in time. */
class NotReady extends Error {
  override readonly name = 'NotReady';
  readonly code = 'not_ready';
  constructor(url: string) {
    super(
      `the service at ${url} was not ready within ${readyWithinMs / 1_000} s; what it says is in the data folder's logs`,
    );
  }
}
