import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownEnvironment } from '@darkroom/platform/testing';
import { until } from './until.js';

const profiler = new URL('profile-on-signal.js', import.meta.url).href;

export interface OwnProcessOptions {
  /** The built entry. */
  readonly script: URL;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What it prints when it serves; the first group is what `start` answers with. */
  readonly ready: RegExp;
}

/** A process of its own, told by environment and arguments alone, as production runs it. */
export class OwnProcess {
  private output = '';
  private readonly folder = mkdtempSync(join(tmpdir(), 'darkroom-bench-process-'));
  private readonly child: ChildProcess;
  private constructor(options: OwnProcessOptions) {
    const { script, args = [], env = {} } = options;
    this.child = spawn(process.execPath, ['--import', profiler, script.pathname, ...args], {
      env: { ...ownEnvironment(), BENCH_PROFILE: join(this.folder, 'profile.json'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer): void => {
      this.output = `${this.output}${chunk.toString()}`.slice(-100_000);
    };
    this.child.stdout?.on('data', keep);
    this.child.stderr?.on('data', keep);
  }

  /** Starts it and waits until it serves. */
  static async start(options: OwnProcessOptions): Promise<{ process: OwnProcess; found: string }> {
    const started = new OwnProcess(options);
    const found = await until(`${options.script.pathname} ready`, 60, () => {
      if (started.child.exitCode !== null) throw new Error(`it ended: ${started.output}`);
      return options.ready.exec(started.output)?.[1];
    });
    return { process: started, found };
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Where its time goes while something runs elsewhere. */
  async profiled(run: () => Promise<unknown>): Promise<string[]> {
    const file = join(this.folder, 'profile.json');
    this.child.kill('SIGUSR2');
    await run();
    this.child.kill('SIGUSR2');
    await until('a profile', 60, () => existsSync(file) || undefined);
    const top = JSON.parse(readFileSync(file, 'utf8')) as string[];
    rmSync(file);
    return top;
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** At once, as a crash. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** The end of what it printed: for who asks why. */
  get lastPrinted(): string {
    return this.output.slice(-4_000);
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const gone = once(this.child, 'exit');
      this.child.kill(signal);
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
