import { setTimeout as pause } from 'node:timers/promises';
import type { OwnProcess } from '../harness/own-process.js';
import type { Load } from './load.js';

export interface Killed {
  /** The one that runs now, and is not killed any more. */
  readonly worker: OwnProcess;
  readonly kills: number;
  /** From each start to the first thing done, in milliseconds. */
  readonly bootMs: readonly number[];
}

/**
 * SIGKILL at a mark of the clock every few seconds, as often for everybody, and a start after the same pause. A mark that
 * passes while a worker still starts is made up for at the end: killed is only who was at work.
 */
export async function killAgainAndAgain(
  first: OwnProcess,
  start: () => Promise<OwnProcess>,
  { killSeconds, killEverySeconds, restartMs }: Load,
): Promise<Killed> {
  const begun = performance.now();
  const every = killEverySeconds * 1_000;
  const wanted = Math.floor(killSeconds / killEverySeconds);
  const bootMs: number[] = [];
  let worker = first;
  let kills = 0;
  for (let mark = 1; kills < wanted;) {
    await pause(Math.max(0, begun + mark * every - performance.now()));
    await worker.kill();
    kills += 1;
    await pause(restartMs);
    const started = performance.now();
    worker = await start();
    bootMs.push(performance.now() - started);
    mark = Math.max(mark + 1, Math.ceil((performance.now() - begun) / every));
  }
  return { worker, kills, bootMs };
}
