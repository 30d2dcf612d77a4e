import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readReadyFile, type ReadyFile } from '@darkroom/local';
import { inOwnMounts } from './own-mounts.js';
import { ownEnvironment } from '@darkroom/platform/testing';
import { until } from './until.js';

/** The built launcher. */
export const launcher = fileURLToPath(new URL('../../deploy/local/dist/main.js', import.meta.url));

/** The built launcher of each service as a process of its own, on Kafka and S3. */
export const fullLauncher = fileURLToPath(new URL('../../deploy/local/dist/full/main.js', import.meta.url));

/** Tests run side by side: none may have the ports that a person's Darkroom has. */
export const freePorts = { INTAKE_PORT: '0', CONTROL_PLANE_PORT: '0', SIMULATOR_PORT: '0' } as const;

/** The end of what was printed says why: a report that is cut must have it. */
const lastLines = (printed: string): string => printed.trimEnd().split('\n').slice(-8).join('\n');

/** A whole Darkroom as a person runs it: the built launcher in a process of its own, on a data folder of its own. */
export class DarkroomProcess {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'darkroom-process-'));
  private child: ChildProcess | undefined;
  private output = '';

  /** @param program what is started: the launcher of everything in one process, if nothing else is said */
  constructor(
    private readonly env: Record<string, string> = {},
    private readonly program: string = launcher,
  ) {}

  /**
   * Starts it, with these settings over its own, and waits until it says that it is ready.
   * @param before shell commands to run first, in a mount namespace of the process's own: what they mount is gone with it
   */
  async start(
    seconds = 30,
    settings: Record<string, string> = {},
    before: readonly string[] = [],
  ): Promise<ReadyFile> {
    const [command, args] =
      before.length === 0
        ? ([process.execPath, [this.program]] as const)
        : inOwnMounts(before, [process.execPath, this.program]);
    const child = spawn(command, args, {
      env: {
        ...ownEnvironment(),
        DATA_DIR: this.dataDir,
        ...freePorts,
        LOG_LEVEL: process.env['KEEP_LOGS'] === undefined ? 'warn' : 'info',
        ...this.env,
        ...settings,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    const keep = (chunk: Buffer): void => {
      this.output = `${this.output}${chunk.toString()}`.slice(-5_000_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    return until(`Darkroom ready`, seconds, async () => {
      if (child.exitCode !== null)
        throw new Error(`Darkroom ended with code ${child.exitCode}:\n${lastLines(this.printed)}`);
      const ready = readReadyFile(this.dataDir);
      return ready?.pid === child.pid ? ready : undefined;
    });
  }

  get pid(): number {
    const pid = this.child?.pid;
    if (pid === undefined) throw new Error('not started');
    return pid;
  }

  /** What its ready file says now. */
  get ready(): ReadyFile | undefined {
    return readReadyFile(this.dataDir);
  }

  /** The last 20,000 characters that it printed. */
  get printed(): string {
    return this.output.slice(-20_000);
  }

  /** What it logged, over all its starts: one JSON object a line. */
  get logged(): string[] {
    return this.output.split('\n').filter((line) => line.startsWith('{"level"'));
  }

  /** SIGKILL, by its own pid; returns when it is gone. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** SIGTERM; returns when it has ended in order. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  /** Ends it and removes its data. */
  async dispose(): Promise<void> {
    await this.stop();
    const kept = process.env['KEEP_LOGS'];
    if (kept !== undefined) {
      cpSync(join(this.dataDir, 'logs'), kept, { recursive: true });
      writeFileSync(join(kept, 'launcher.log'), this.output);
    }
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
