import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { EmbeddedPostgresError } from './errors.js';
import type { RunAs } from './run-as.js';

export interface ServerOptions {
  readonly binaries: string;
  readonly folder: string;
  readonly port: number;
  readonly runAs: RunAs | undefined;
  readonly settings: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

/** One postmaster. `exited` settles when it is gone, whatever the cause. */
export interface Server {
  readonly pid: number;
  readonly exited: Promise<void>;
  ref(): void;
  unref(): void;
}

const readyLine = 'database system is ready to accept connections';

/** Starts postgres and resolves once it takes connections. `started` is told the id before that. */
export async function startServer(options: ServerOptions, started: (pid: number) => void): Promise<Server> {
  const settings = Object.entries({
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    max_connections: '200',
    log_checkpoints: 'off',
    ...options.settings,
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(
    join(options.binaries, 'postgres'),
    ['-D', options.folder, '-p', String(options.port), ...settings],
    {
      cwd: '/',
      detached: true,
      // PG* variables of the environment must not reach it.
      env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', TZ: 'UTC' },
      stdio: ['ignore', 'ignore', 'pipe'],
      ...options.runAs,
    },
  );
  if (child.pid !== undefined) started(child.pid);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  await ready(child, options);
  const { pid } = child;
  if (pid === undefined)
    throw new EmbeddedPostgresError('start_failed', 'the embedded Postgres did not start');
  // The pipe is a socket to Node; its type says stream.
  const pipe = child.stderr as unknown as { ref(): void; unref(): void } | null;
  return {
    pid,
    exited,
    ref() {
      child.ref();
      pipe?.ref();
    },
    unref() {
      child.unref();
      pipe?.unref();
    },
  };
}

function ready(child: ChildProcess, options: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const last: string[] = [];
    const failed = (cause?: Error): void => {
      const said =
        last.filter((line) => /FATAL|ERROR|HINT|LOG: {2}could not/.test(line)).join(' ') || last.at(-1);
      const taken = last.some((line) => line.includes('Address already in use'));
      reject(
        new EmbeddedPostgresError(
          taken ? 'port_taken' : 'start_failed',
          `the embedded Postgres did not start: ${cause?.message ?? said ?? 'it said nothing'}`,
          { folder: options.folder, port: String(options.port) },
          { cause },
        ),
      );
    };
    child.once('error', failed);
    child.once('exit', () => failed());
    if (!child.stderr) return;
    createInterface({ input: child.stderr }).on('line', (line) => {
      options.log(line);
      if (last.push(line) > 20) last.shift();
      if (line.includes(readyLine)) resolve();
    });
  });
}
