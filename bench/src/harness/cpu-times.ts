import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second, whatever the machine. */
const ticksPerSecond = 100;

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** Of its own, in user and system, and of those of its children that have ended. */
  readonly seconds: number;
}

/** CPU seconds that a process and all below it have used up to now, by what they are (proc(5)). */
export function cpuTimes(root: number): Map<string, number> {
  const all = readdirSync('/proc').flatMap((entry) =>
    /^\d+$/.test(entry) ? (read(Number(entry)) ?? []) : [],
  );
  const below = new Set([root]);
  // Parents may have higher numbers than their children: until nothing is added.
  for (let before = 0; before < below.size;) {
    before = below.size;
    for (const { pid, parent } of all) if (below.has(parent)) below.add(pid);
  }
  const times = new Map<string, number>();
  for (const { pid, name, seconds } of all)
    if (below.has(pid)) times.set(name, (times.get(name) ?? 0) + seconds);
  return times;
}

function read(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name is in parentheses and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [parent = 0, user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = [1, 11, 12, 13, 14].map(
      (n) => Number(fields[n]),
    );
    const ticks = user + system + childrenUser + childrenSystem;
    return { pid, parent, name: nameOf(pid), seconds: ticks / ticksPerSecond };
  } catch {
    // It has ended meanwhile; its parent has its time.
    return undefined;
  }
}

/** A service by its folder, another program by its own name. */
function nameOf(pid: number): string {
  const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  const script = args.find((arg) => arg.endsWith('.js') && arg.startsWith('/') && arg.includes('/dist/'));
  const service = /\/([^/]+)\/dist\/(?:full\/)?main\.js$/.exec(script ?? '')?.[1];
  if (service !== undefined) return service === 'local' ? 'launcher' : service;
  if (program.startsWith('postgres:')) return 'postgres';
  const name = program.split('/').at(-1) ?? '';
  return name === 'java' ? 'kafka' : name;
}

/** What was used between two looks, by whom, the most first; what is below half a percent of all is left out. */
export function usedBetween(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): Map<string, number> {
  const used = [...after].map(([name, seconds]): [string, number] => [
    name,
    seconds - (before.get(name) ?? 0),
  ]);
  const all = used.reduce((sum, [, seconds]) => sum + seconds, 0);
  return new Map(used.filter(([, seconds]) => seconds > all * 0.005).toSorted(([, a], [, b]) => b - a));
}
