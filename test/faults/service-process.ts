import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from './until.js';

const script = fileURLToPath(new URL('run-service.mjs', import.meta.url));

/** Where a service process stops itself: behind this line of a submit, by this signal. */
export interface Crash {
  readonly line: number;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
}

export interface ServiceProcessOptions {
  readonly service: 'provider-gateway' | 'artifact';
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly simulatorUrl: string;
  readonly crash?: Crash;
  /** Default 3: shorter than in production, as most of a case is waiting. */
  readonly leaseSeconds?: number;
}

/** One service in a process of its own, from the build. */
export class ServiceProcess {
  private output = '';
  private constructor(private readonly child: ChildProcess) {
    const keep = (chunk: Buffer): void => {
      this.output += chunk.toString();
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
  }

  /** Starts it and waits until it works. */
  static async start(options: ServiceProcessOptions): Promise<ServiceProcess> {
    const child = spawn(process.execPath, [script, JSON.stringify(options)], {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const service = new ServiceProcess(child);
    await until(`${options.service} running`, 30, async () => {
      if (child.exitCode !== null) throw new Error(`it ended: ${service.output}`);
      return service.output.includes('running') ? true : undefined;
    });
    return service;
  }

  /** Waits until it has come to its line; a killed one is gone by then. */
  async reached(line: number, seconds = 30): Promise<void> {
    await until(
      `line ${line}`,
      seconds,
      async () => (this.output.includes(`at ${line}\n`) ? true : undefined),
      () => this.output,
    );
  }

  /** Waits until it has come past a line behind the one where it stood still. */
  async passed(line: number, seconds = 30): Promise<void> {
    await until(
      `past line ${line}`,
      seconds,
      async () => (this.output.includes(`past ${line}\n`) ? true : undefined),
      () => this.output,
    );
  }

  /** Everything that it printed. */
  get printed(): string {
    return this.output;
  }

  /** Continues it after a SIGSTOP. */
  continue(): void {
    this.child.kill('SIGCONT');
  }

  /** Ends it, stopped or not. */
  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}
