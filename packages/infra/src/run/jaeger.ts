import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '@darkroom/embedded-postgres';
import { z } from 'zod';
import { jaegerPart } from '../parts/jaeger.js';
import { answers } from './answers.js';
import { installedFolder } from './installed-folder.js';
import { type OwnServerOptions, ownFolder } from './own-folder.js';
import { keptFile } from './kept-file.js';
import { type ServerProcess, startServerProcess } from './server-process.js';

/** Jaeger, which is an OpenTelemetry collector too. */
export interface RunningJaeger extends ServerProcess {
  /** Base URL of its pages and of its query API. */
  readonly url: string;
  /** OTLP over HTTP, as `OTEL_EXPORTER_OTLP_ENDPOINT` names it. */
  readonly otlpEndpoint: string;
}

const portsSchema = z.object({ query: z.int(), queryGrpc: z.int(), otlp: z.int(), health: z.int() });

/** Traces kept at once, in memory. */
const mostTraces = 100_000;

/**
 * Starts Jaeger on loopback; its traces are in memory.
 * @throws InfraError `not_installed` or `start_failed`
 */
export async function startJaeger(options: OwnServerOptions = {}): Promise<RunningJaeger> {
  const folder = installedFolder(jaegerPart);
  const { dataDir, told } = await ownFolder('jaeger', options);
  const ports = await keptFile(join(dataDir, 'ports.json'), portsSchema, async () => ({
    query: await freePort(),
    queryGrpc: await freePort(),
    otlp: await freePort(),
    health: await freePort(),
  }));
  const configFile = join(dataDir, 'jaeger.json');
  await writeFile(configFile, JSON.stringify(configOf(ports)));
  const health = `http://127.0.0.1:${ports.health}/status`;
  const server = await startServerProcess({
    name: 'jaeger',
    program: join(folder, 'jaeger'),
    args: ['--config', configFile],
    ready: () => answers(health),
    ...told,
  });
  return {
    ...server,
    url: `http://127.0.0.1:${ports.query}`,
    otlpEndpoint: `http://127.0.0.1:${ports.otlp}`,
  };
}

/** Every endpoint is named: those that are not listen on all interfaces. YAML's subset. */
const configOf = (ports: z.output<typeof portsSchema>): object => ({
  service: {
    extensions: ['jaeger_storage', 'jaeger_query', 'healthcheckv2'],
    pipelines: {
      traces: { receivers: ['otlp'], processors: ['batch'], exporters: ['jaeger_storage_exporter'] },
    },
    telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
  },
  extensions: {
    jaeger_storage: { backends: { memory: { memory: { max_traces: mostTraces } } } },
    jaeger_query: {
      storage: { traces: 'memory' },
      http: { endpoint: `127.0.0.1:${ports.query}` },
      grpc: { endpoint: `127.0.0.1:${ports.queryGrpc}` },
    },
    healthcheckv2: { use_v2: true, http: { endpoint: `127.0.0.1:${ports.health}` } },
  },
  receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${ports.otlp}` } } } },
  // Small and soon: whoever looks for a trace does it right after the request.
  processors: { batch: { timeout: '200ms' } },
  exporters: { jaeger_storage_exporter: { trace_storage: 'memory' } },
});
