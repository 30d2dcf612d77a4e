import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EmbeddedPostgresError } from './errors.js';
import { commandLine, exists, startTime } from './live-process.js';

const ownerFile = (folder: string): string => `${folder}.owner`;

interface Owner {
  readonly pid: number;
  readonly started: string;
}

function ownerOf(folder: string): Owner | undefined {
  if (!existsSync(ownerFile(folder))) return undefined;
  try {
    return JSON.parse(readFileSync(ownerFile(folder), 'utf8')) as Owner;
  } catch {
    return undefined; // Cut off by a crash: nobody's.
  }
}

/** Writes down that this process owns the data. @throws EmbeddedPostgresError `data_in_use` while another owner lives. */
export function claimData(folder: string): void {
  const owner = ownerOf(folder);
  if (owner !== undefined && startTime(owner.pid) === owner.started) {
    throw new EmbeddedPostgresError(
      'data_in_use',
      `the database in ${folder} is in use by process ${owner.pid}`,
      {
        pid: String(owner.pid),
      },
    );
  }
  writeFileSync(
    ownerFile(folder),
    JSON.stringify({ pid: process.pid, started: startTime(process.pid) ?? '' }),
  );
}

/** Ends the ownership; only the owner calls it. */
export function disclaimData(folder: string): void {
  rmSync(ownerFile(folder), { force: true });
}

/** Process id of a Postgres that runs on the folder, whoever started it. */
export function runningServer(folder: string): number | undefined {
  const file = join(folder, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  // After a power cut the id may belong to anything by now; the command line tells.
  return Number.isInteger(pid) && pid > 1 && exists(pid) && commandLine(pid).includes(folder)
    ? pid
    : undefined;
}

async function gone(folder: string, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (runningServer(folder) !== undefined) {
    if (performance.now() > end) return false;
    await pause(50);
  }
  return true;
}

/**
 * Makes way for a new server: waits for one whose owner died (its guard is stopping it), then stops it ourselves,
 * more and more firmly.
 */
export async function replaceLeftover(
  folder: string,
  waitMs: number,
  log: (line: string) => void,
): Promise<void> {
  if (runningServer(folder) !== undefined) {
    log('Waiting for the Postgres of an earlier process to stop');
    if (await gone(folder, waitMs)) return;
    for (const [signal, patience] of [
      ['SIGINT', 8_000],
      ['SIGQUIT', 4_000],
      ['SIGKILL', 4_000],
    ] as const) {
      const pid = runningServer(folder);
      if (pid === undefined) return;
      log(`Stopping it with ${signal}`);
      process.kill(pid, signal);
      if (await gone(folder, patience)) return;
    }
    throw new EmbeddedPostgresError('data_in_use', `a Postgres on ${folder} does not stop`, { folder });
  }
  // Left by a crash: Postgres itself would refuse where the id is some other process's by now.
  rmSync(join(folder, 'postmaster.pid'), { force: true });
}
