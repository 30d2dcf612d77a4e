import { setTimeout as delay } from 'node:timers/promises';
import type { ServerProcess } from '@darkroom/infra';
import type { Logger } from '@darkroom/platform';

/** Times between a death and the next start; who lived for `aliveMs` is started again soon. */
const defaultPauses = { firstMs: 200, longestMs: 5_000, aliveMs: 10_000 };

/** Starts a process anew; told its id before it serves. */
export type StartProcess = (onSpawn: (pid: number) => void) => Promise<ServerProcess>;

/** A process that is started again whenever it died. */
export interface Supervised {
  readonly name: string;
  /** Undefined between its death and its next start. */
  readonly pid: number | undefined;
  /** In order, and not started again. */
  stop(): Promise<void>;
}

export interface SuperviseOptions {
  readonly logger: Logger;
  /** After each birth and death. */
  readonly onChange: () => void;
  /** Default: 0.2 s, doubled up to 5 s; 0.2 s again after 10 s of life. */
  readonly pauses?: typeof defaultPauses;
}

/**
 * Starts a process, and again 0.2 to 5 s after it died, for ever, however it died; the pause is short again for who lived for 10 s.
 * @throws what the first start throws
 */
export async function supervise(
  name: string,
  start: StartProcess,
  { logger, onChange, pauses = defaultPauses }: SuperviseOptions,
): Promise<Supervised> {
  let pid: number | undefined;
  const stopping = new AbortController();
  const born = (id: number | undefined): void => {
    pid = id;
    onChange();
  };
  let bornAt = performance.now();
  let present: ServerProcess | undefined = await start(born);

  const watch = async (): Promise<void> => {
    let pauseMs = pauses.firstMs;
    for (;;) {
      await present?.exited;
      present = undefined;
      born(undefined);
      if (stopping.signal.aborted) return;
      if (performance.now() - bornAt >= pauses.aliveMs) pauseMs = pauses.firstMs;
      logger.warn({ process: name, pauseMs }, 'a process ended; it is started again');
      await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      pauseMs = Math.min(pauseMs * 2, pauses.longestMs);
      bornAt = performance.now();
      try {
        present = await start(born);
      } catch (error) {
        logger.warn({ process: name, err: error }, 'a process could not be started');
      }
    }
  };
  const watching = watch();
  return {
    name,
    get pid() {
      return pid;
    },
    async stop() {
      stopping.abort();
      // One that is just being started is not known before it serves, or failed to.
      for (let over = false; !over;) {
        if (present === undefined && pid !== undefined) end(pid);
        await present?.stop();
        over = await Promise.race([watching.then(() => true), delay(50, false)]);
      }
    },
  };
}

/** One that is just being started has nothing yet that would be put in order. */
function end(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It has ended by itself.
  }
}
