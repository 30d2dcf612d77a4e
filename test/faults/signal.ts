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
