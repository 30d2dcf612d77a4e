import { readdirSync, readFileSync } from 'node:fs';

/** @returns false where there is no such process any more */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

export const isAlive = (pid: number): boolean => signal(pid, 0);

/** Processes that this one has started, and that live. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === pid)
    .map(Number);
}

function parentOf(name: string): number | undefined {
  try {
    // pid (name) state parent …; a name may have brackets of its own.
    const [, parent] = /.*\) \S (\d+) /s.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
    return Number(parent);
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}
