import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ownEnvironment } from '@darkroom/platform/testing';
import { until } from './until.js';

export type ServiceName =
  'intake' | 'provider-gateway' | 'artifact' | 'projections' | 'control-plane' | 'relay';
/** Those that run on every transport; the relay is for Kafka alone. */
export const serviceNames: readonly ServiceName[] = [
  'projections',
  'artifact',
  'provider-gateway',
  'control-plane',
  'intake',
];

/** The built entry of a service. */
export const mainOf = (service: ServiceName): string =>
  fileURLToPath(new URL(`../../services/${service}/dist/main.js`, import.meta.url));

/** A service as it is run in production: its own `main.js`, told by the environment alone. */
export class OwnProcess {
  private output = '';
  private constructor(
    readonly service: ServiceName,
    private readonly child: ChildProcess,
  ) {
    const keep = (chunk: Buffer): void => {
      this.output += chunk.toString();
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
  }

  /** Starts it and waits until it serves: its API, or its health. */
  static async start(service: ServiceName, env: Readonly<Record<string, string>>): Promise<OwnProcess> {
    const child = spawn(process.execPath, [mainOf(service)], {
      env: { ...ownEnvironment(), LOG_LEVEL: 'info', HEALTH_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const own = new OwnProcess(service, child);
    await until(
      `${service} listens`,
      30,
      async () => {
        if (child.exitCode !== null) throw new Error(`${service} ended: ${own.output}`);
        return own.url === '' ? undefined : true;
      },
      () => own.output,
    );
    return own;
  }

  /** Where it serves its API, or its health where it has none; '' before it does. */
  get url(): string {
    return /"url":"(http:[^"]+)","msg":"[^"]*listens"/.exec(this.output)?.[1] ?? '';
  }

  get printed(): string {
    return this.output;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Its exit code, as soon as it has ended; -1 where a signal ended it. */
  async ended(seconds: number): Promise<number> {
    if (this.isRunning) {
      const signal = AbortSignal.timeout(seconds * 1000);
      await once(this.child, 'exit', { signal }).catch(() => {
        throw new Error(`${this.service} did not end within ${seconds} s:\n${this.output.slice(-5_000)}`);
      });
    }
    return this.child.exitCode ?? -1;
  }

  /** SIGKILL, if it still runs. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}
