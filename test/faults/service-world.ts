import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestDatabase } from '@darkroom/event-store/testing';
import { type RunningKafka, startKafka } from '@darkroom/infra';
import { severableLink, type SeverableLink } from '@darkroom/platform/testing';
import { type RunningSimulator, startSimulator } from '@darkroom/simulator';
import type { Target } from './client.js';
import { OwnProcess, type ServiceName } from './own-process.js';
import { createWholeDatabase } from './whole-database.js';

const demoKey = 'dk_test_0123456789abcdef0123';
/** Of every control plane that is started here. */
export const operatorKey = 'dk_ops_0123456789abcdef0123';
const webhookSecret = `whsec_${Buffer.from('a secret of these tests').toString('base64')}`;

/** Services as processes of their own, on a database that can be cut off and a vendor in this process. */
export class ServiceWorld {
  private readonly processes: OwnProcess[] = [];
  private constructor(
    readonly database: TestDatabase,
    /** Between all services and the database. */
    readonly link: SeverableLink,
    readonly simulator: RunningSimulator,
    readonly dataDir: string,
    private readonly kafka: RunningKafka | undefined,
  ) {}

  /** @param bus default: the Postgres log */
  static async create(bus: 'kafka' | 'postgres' = 'postgres'): Promise<ServiceWorld> {
    const database = await createWholeDatabase();
    const { hostname, port } = new URL(database.url);
    const link = await severableLink({ host: hostname, port: Number(port) });
    const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-services-'));
    const simulator = await startSimulator({
      host: '127.0.0.1',
      port: 0,
      dataDir: join(dataDir, 'simulator'),
      webhookSecret,
    });
    const kafka = bus === 'kafka' ? await startKafka({ dataDir: join(dataDir, 'kafka') }) : undefined;
    return new ServiceWorld(database, link, simulator, dataDir, kafka);
  }

  /** What a service is told; what it does not read does no harm. */
  settings(service: ServiceName): Record<string, string> {
    const url = service === 'intake' ? this.database.apiUrl : this.database.url;
    return {
      DATABASE_URL: Object.assign(new URL(url), { host: `127.0.0.1:${this.link.port}` }).href,
      DATA_DIR: this.dataDir,
      INTAKE_PORT: '0',
      CONTROL_PLANE_PORT: '0',
      SIMULATOR_PORT: new URL(this.simulator.url).port,
      SIGNING_SECRET: 'a secret of these tests alone',
      SIMULATOR_WEBHOOK_SECRET: webhookSecret,
      DARKROOM_DEMO_KEY: demoKey,
      DARKROOM_OPERATOR_KEY: operatorKey,
      DRAIN_SECONDS: '0',
      ...(this.kafka === undefined ? {} : { BUS: 'kafka', KAFKA_BROKERS: this.kafka.brokers }),
    };
  }

  async start(service: ServiceName, more: Readonly<Record<string, string>> = {}): Promise<OwnProcess> {
    const started = await OwnProcess.start(service, { ...this.settings(service), ...more });
    this.processes.push(started);
    return started;
  }

  /** For a client of this intake. */
  target(intake: OwnProcess): Target {
    return { intake: intake.url, simulator: this.simulator.url, demo_key: demoKey };
  }

  async dispose(): Promise<void> {
    for (const one of this.processes) await one.kill();
    await this.kafka?.stop();
    await this.link.stop();
    await this.simulator.stop();
    await this.database.drop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
