import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ReadyFile, readReadyFile } from '@darkroom/local';
import { OwnProcess } from './own-process.js';
import { until } from './until.js';

/** What of a generation a benchmark looks at. */
interface Shown {
  readonly status: string;
}

/** How it runs: all in one process, or each service in one of its own, with the log or Kafka between them. */
export type Shape = 'one process' | 'a process each, Postgres log' | 'a process each, Kafka';

const shapes: Readonly<
  Record<Shape, { readonly script: string; readonly env: Readonly<Record<string, string>> }>
> = {
  'one process': { script: 'main.js', env: {} },
  'a process each, Postgres log': { script: 'full/main.js', env: { BUS: 'postgres', DRAIN_SECONDS: '0' } },
  'a process each, Kafka': { script: 'full/main.js', env: { BUS: 'kafka', DRAIN_SECONDS: '0' } },
};

/** A whole Darkroom as its launchers run it: all services, what they stand on and the simulator. */
export class Product {
  private constructor(
    readonly process: OwnProcess,
    readonly ready: ReadyFile,
    private readonly dataDir: string,
  ) {}

  /** @param more settings besides */
  static async start(
    shape: Shape = 'one process',
    more: Readonly<Record<string, string>> = {},
  ): Promise<Product> {
    const { script, env } = shapes[shape];
    const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-bench-whole-'));
    const { process } = await OwnProcess.start({
      script: new URL(`../../../deploy/local/dist/${script}`, import.meta.url),
      env: {
        DATA_DIR: dataDir,
        INTAKE_PORT: '0',
        CONTROL_PLANE_PORT: '0',
        SIMULATOR_PORT: '0',
        ...env,
        ...more,
      },
      ready: /(Darkroom is ready)/,
    });
    const ready = await until('the ready file', 60, () => readReadyFile(dataDir));
    return new Product(process, ready, dataDir);
  }

  /** A vendor that is done at once, and says so by webhook. */
  async makeVendorInstant(): Promise<void> {
    await this.setFaults({ job: { seconds: [0, 0] }, webhook: { send: 1 } });
  }

  /** What the vendor does. */
  async setFaults(faults: object): Promise<void> {
    const answer = await fetch(`${this.ready.simulator}/admin/faults`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(faults),
    });
    if (!answer.ok) throw new Error(`faults: ${answer.status} ${await answer.text()}`);
  }

  /** Asks for a picture; `as`: with another tenant's key. @returns the generation's id */
  async create(key: string, wish: object, as = this.ready.demo_key): Promise<string> {
    const answer = await this.call(
      'POST',
      '/v1/generations',
      { 'idempotency-key': key, authorization: `Bearer ${as}` },
      JSON.stringify(wish),
    );
    return (answer as { data: { id: string } }).data.id;
  }

  async get(id: string): Promise<Shown> {
    return ((await this.call('GET', `/v1/generations/${id}`)) as { data: Shown }).data;
  }

  /** How many there are by status, as the read model counts. */
  async counts(): Promise<Readonly<Record<string, number>>> {
    const { data } = (await this.call('GET', '/v1/generations/counts')) as { data: Record<string, number> };
    return data;
  }

  /** When each submit reached the vendor, by prompt; milliseconds since the epoch, whole ones. */
  async arrivals(): Promise<ReadonlyMap<string, number>> {
    const answer = await fetch(`${this.ready.simulator}/admin/ledger`);
    const lines = (await answer.text()).split('\n').filter((line) => line !== '');
    return new Map(
      lines.map((line) => {
        const { prompt, at } = JSON.parse(line) as { prompt: string; at: string };
        return [prompt, Date.parse(at)];
      }),
    );
  }

  async stop(): Promise<void> {
    await this.process.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  private async call(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
    body?: string,
  ): Promise<unknown> {
    const answer = await fetch(`${this.ready.intake}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.ready.demo_key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }
}
