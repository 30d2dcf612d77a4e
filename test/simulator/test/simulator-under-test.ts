import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningSimulator, startSimulator } from '../src/index.js';

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** A simulator of a test file, spoken to over HTTP alone. */
export class SimulatorUnderTest {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'simulator-'));
  private running: RunningSimulator | undefined;

  get url(): string {
    if (!this.running) throw new Error('not started');
    return this.running.url;
  }

  async start(webhookSecret?: string): Promise<void> {
    const options = { host: '127.0.0.1', port: 0, dataDir: this.dataDir };
    this.running = await startSimulator(webhookSecret ? { ...options, webhookSecret } : options);
  }

  async stop(): Promise<void> {
    await this.running?.stop();
    this.running = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const answer = await fetch(new URL(path, this.url), {
      method,
      headers: {
        authorization: 'Bearer any',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      body: text.startsWith('{') ? JSON.parse(text) : { text },
    };
  }

  submit(change: Record<string, unknown> = {}, headers: Record<string, string> = {}): Promise<Answer> {
    const request = {
      model: 'standard',
      prompt: 'a boat',
      width: 64,
      height: 64,
      count: 1,
      seed: 7,
      format: 'png',
    };
    return this.call('POST', '/v1/jobs', { ...request, ...change }, headers);
  }

  faults(faults: object): Promise<Answer> {
    return this.call('PUT', '/admin/faults', { job: { seconds: [0, 0] }, ...faults });
  }

  async ledger(): Promise<Record<string, unknown>[]> {
    const answer = await fetch(new URL('/admin/ledger', this.url));
    const lines = (await answer.text()).split('\n').filter((line) => line !== '');
    return lines.map((line): Record<string, unknown> => JSON.parse(line));
  }

  async lastLine(): Promise<Record<string, unknown>> {
    const line = (await this.ledger()).at(-1);
    if (!line) throw new Error('the ledger is empty');
    return line;
  }

  /** Polls until the job has this status. */
  async jobWith(id: unknown, status: string): Promise<Record<string, unknown>> {
    return until(async () => {
      const { body } = await this.call('GET', `/v1/jobs/${String(id)}`);
      return body['status'] === status ? body : undefined;
    });
  }
}

/** Waits for something to be there, at most ten seconds. */
export async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const end = Date.now() + 10_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error('did not come true in 10 s');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export interface OutputEntry {
  url: string;
  sha256: string;
  bytes: number;
}

export function outputsOf(job: Record<string, unknown>): OutputEntry[] {
  const outputs = job['outputs'];
  if (!Array.isArray(outputs)) throw new Error('no outputs');
  return outputs;
}
