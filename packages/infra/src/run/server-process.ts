import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { InfraError } from '../errors.js';

/**
 * First forks a guard that waits for the end of its input, which comes when this process closes it or dies by whatever cause, and then
 * becomes the server: the guard knows the server's id before the server is one, so that no crash of ours leaves it behind. Stopped in
 * order, and by force when that takes too long; then what is temporary is removed.
 */
const script = `
exec 3<&0 </dev/null
self=$$
(
  while read -r _ <&3; do :; done
  n=0
  kill -CONT "$self" 2>/dev/null
  kill -TERM "$self" 2>/dev/null
  while [ $n -lt "$1" ] && kill -0 "$self" 2>/dev/null; do sleep 0.05; n=$((n+1)); done
  kill -KILL "$self" 2>/dev/null
  if [ -n "$2" ]; then rm -rf "$2"; fi
) >/dev/null 2>&1 &
exec 3<&-
shift 2
exec "$@"
`;

export interface ServerProcessOptions {
  /** For messages. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs. Default: the root, so that it keeps no folder busy. */
  readonly cwd?: string;
  /** A line of its output that says that it serves, or a look from outside that it does. */
  readonly ready: RegExp | (() => Promise<boolean>);
  /** Default 60. */
  readonly readySeconds?: number;
  /** How long it may take to stop. Default 10. Then it is killed. */
  readonly stopSeconds?: number;
  /** The same where this process is gone, and nobody waits for it any more. Default 10. */
  readonly orphanSeconds?: number;
  /** A folder that goes with it. */
  readonly temporary?: string;
  /** Every line that it prints. */
  readonly log?: (line: string) => void;
  /** Told its id before it serves. */
  readonly onSpawn?: (pid: number) => void;
}

/** A program that lives no longer than this process. */
export interface ServerProcess {
  readonly pid: number;
  /** Settles when it is gone, whatever the cause. */
  readonly exited: Promise<void>;
  /** At once, as a crash. */
  kill(): Promise<void>;
  /** In order. */
  stop(): Promise<void>;
}

const keptLines = 15;

/**
 * Starts a server and waits until it serves.
 * @throws InfraError `start_failed`
 */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const { name, program, args, stopSeconds = 10, orphanSeconds = 10 } = options;
  const child = spawn(
    '/bin/sh',
    ['-c', script, `darkroom-${name}`, String(orphanSeconds * 20), options.temporary ?? '', program, ...args],
    // A session of its own: neither Ctrl-C nor a kill of our group takes it before us.
    {
      cwd: options.cwd ?? '/',
      detached: true,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  child.stdin.on('error', () => undefined);
  if (child.pid !== undefined) options.onSpawn?.(child.pid);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      // The guard has nothing to guard any more, and its id may become another's.
      child.stdin.end();
      resolve();
    });
    child.once('error', () => resolve());
  });
  const last: string[] = [];
  try {
    await ready(child, options, last, exited);
  } catch (cause) {
    child.stdin.end();
    await exited;
    const said = last.join('\n');
    throw new InfraError(
      'start_failed',
      `${name} did not start: ${cause instanceof Error ? cause.message : String(cause)}${said === '' ? '' : `\n${said}`}`,
      { name },
      { cause },
    );
  }
  return {
    pid: child.pid ?? 0,
    exited,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    async stop() {
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), stopSeconds * 1_000);
      await exited;
      clearTimeout(late);
    },
  };
}

async function ready(
  child: ChildProcess,
  options: ServerProcessOptions,
  last: string[],
  exited: Promise<void>,
): Promise<void> {
  const { ready: wanted, readySeconds = 60 } = options;
  let isReady = false;
  const told = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        options.log?.(line);
        if (!isReady && last.push(line) > keptLines) last.shift();
        if (wanted instanceof RegExp && wanted.test(line)) resolve();
      });
    }
  });
  const seen = wanted instanceof RegExp ? told : untilSeen(wanted, () => isReady);
  let timer: NodeJS.Timeout | undefined;
  try {
    await Promise.race([
      seen,
      exited.then(() => Promise.reject(new Error('it ended'))),
      new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(new Error(`it was not ready within ${readySeconds} s`)),
          readySeconds * 1_000,
        );
      }),
    ]);
  } finally {
    isReady = true;
    clearTimeout(timer);
  }
}

async function untilSeen(look: () => Promise<boolean>, isOver: () => boolean): Promise<void> {
  while (!isOver() && !(await look().catch(() => false)))
    await new Promise((resolve) => setTimeout(resolve, 50));
}
