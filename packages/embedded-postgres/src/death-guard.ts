import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Waits for the end of its input, which comes when this process closes it, or dies by whatever cause. Then it stops the
 * server whose id it was last told: fast (SIGINT), without ceremony after 6 s (SIGQUIT; Postgres recovers at the next
 * start), by force after 3 more. `-` disarms it. If it was told nothing, the parent died in between: postmaster.pid.
 */
const script = `
pid=''
while read -r line; do pid=$line; done
if [ -z "$pid" ]; then
  sleep 1
  read -r pid 2>/dev/null < "$1/postmaster.pid"
fi
stop() {
  kill -"$1" "$pid" 2>/dev/null || return 0
  n=0
  while [ $n -lt "$2" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.05; n=$((n+1)); done
  kill -0 "$pid" 2>/dev/null && return 1
  return 0
}
if [ -n "$pid" ] && [ "$pid" != '-' ]; then stop INT 120 || stop QUIT 60 || stop KILL 20; fi
if [ "$2" = remove ]; then rm -rf "$3"; fi
`;

/** The shell that outlives us. */
export interface DeathGuard {
  watch(pid: number | undefined): void;
  /** Lets go: the guard stops what it watches, and ends. */
  release(): void;
  /** Whether this process may exit while the guard waits. */
  ref(): void;
  unref(): void;
}

/** Starts the guard in a session of its own, so that neither Ctrl-C nor a kill of our process group takes it first. */
export function startDeathGuard(folder: string, removeAfterwards: string | undefined): DeathGuard {
  let watched = '';
  let released = false;
  let referenced = true;
  let shell: ChildProcess = start();

  function start(): ChildProcess {
    const child = spawn(
      '/bin/sh',
      [
        '-c',
        script,
        'darkroom-postgres-guard',
        folder,
        removeAfterwards === undefined ? 'keep' : 'remove',
        removeAfterwards ?? '',
      ],
      {
        cwd: '/',
        detached: true,
        stdio: ['pipe', 'ignore', 'ignore'],
      },
    );
    child.stdin?.on('error', () => undefined); // It was killed; its exit event replaces it.
    child.on('error', () => undefined);
    child.once('exit', () => {
      if (released) return;
      shell = start();
      tell();
      if (!referenced) apply();
    });
    return child;
  }

  function tell(): void {
    if (watched !== '') shell.stdin?.write(`${watched}\n`);
  }

  function apply(): void {
    // The pipe is a socket to Node; its type says stream.
    const pipe = shell.stdin as unknown as { ref(): void; unref(): void } | null;
    if (referenced) {
      shell.ref();
      pipe?.ref();
    } else {
      shell.unref();
      pipe?.unref();
    }
  }

  return {
    watch(pid) {
      watched = pid === undefined ? '-' : String(pid);
      tell();
    },
    release() {
      released = true;
      shell.stdin?.end();
    },
    ref() {
      referenced = true;
      apply();
    },
    unref() {
      referenced = false;
      apply();
    },
  };
}
