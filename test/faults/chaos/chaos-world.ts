import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type EmbeddedPostgres, freePort, startEmbeddedPostgres } from '@darkroom/embedded-postgres';
import { openDatabase } from '@darkroom/event-store';
import { type RunningKafka, type RunningS3, type ServerProcess, startKafka, startS3 } from '@darkroom/infra';
import type { ReadyFile } from '@darkroom/local';
import { makeBucket, type ObjectStoreSettings } from '@darkroom/platform';
import type { Target } from '../client.js';
import { DarkroomProcess, fullLauncher } from '../darkroom-process.js';
import { childrenOf, signal } from '../signal.js';
import { until } from '../until.js';
import type { Fault } from './fault-plan.js';
import { type HttpLink, httpLink } from './http-link.js';
import { type Link, startLink } from './links.js';

export type Transport = 'kafka' | 'postgres';

const restartTries = 5;

/** Each service a process of its own; the launcher starts what dies. */
export const serviceNames = [
  'intake',
  'provider-gateway',
  'artifact',
  'projections',
  'control-plane',
  'simulator',
] as const;

export interface WorldOptions {
  readonly transport: Transport;
  /** The launcher's program, if it is not the one that was built here. */
  readonly program?: string;
  /** What the processes are told beside what the world needs. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Everything in its production shape, each link through a proxy that breaks it on command: Postgres, Kafka, S3, the vendor and its webhooks. The servers are
 * this world's own, so that what the services are told of them are the proxies.
 */
export class ChaosWorld {
  private readonly broken: Promise<void>[] = [];
  private readonly restarting = new Set<string>();
  private present: ReadyFile | undefined;

  private constructor(
    private readonly folder: string,
    private readonly darkroom: DarkroomProcess,
    readonly postgres: EmbeddedPostgres,
    private kafka: RunningKafka | undefined,
    private s3: RunningS3,
    readonly links: ReadonlyMap<string, Link>,
    /** In front of S3: answers 503 where it is told to. */
    readonly s3Front: HttpLink,
    readonly transport: Transport,
  ) {}

  static async start({ transport, program = fullLauncher, env = {} }: WorldOptions): Promise<ChaosWorld> {
    const folder = mkdtempSync(join(tmpdir(), 'darkroom-chaos-'));
    const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres') });
    await letServicesActAsClients(postgres);
    const map = new Map<string, Link>();
    const through = async (name: string, upstream: string): Promise<string> => {
      const link = await startLink(name, upstream);
      map.set(name, link);
      return link.address;
    };
    // Its link listens before it starts, which takes seconds: it tells its clients that address.
    const startKafkaBehindLink = async (): Promise<RunningKafka> => {
      const port = await freePort();
      const address = await through('kafka', `127.0.0.1:${port}`);
      return startKafka({ ...kafkaOf(folder, address), port });
    };
    const [kafka, s3] = await Promise.all([
      transport === 'kafka' ? startKafkaBehindLink() : undefined,
      startS3({ dataDir: join(folder, 's3') }),
    ]);
    const s3Front = await httpLink(s3.endpoint);
    const s3Address = await through('s3', new URL(s3Front.url).host);
    const [simulatorPort, intakePort] = [await freePort(), await freePort()];
    const databaseAddress = await through('postgres', new URL(postgres.url).host);
    const vendorAddress = await through('vendor', `127.0.0.1:${simulatorPort}`);
    const webhooksAddress = await through('webhooks', `127.0.0.1:${intakePort}`);
    await makeBucket(bucketAt(s3.endpoint, s3));
    const bucket = bucketAt(`http://${s3Address}`, s3);
    const darkroom = new DarkroomProcess(
      {
        DRAIN_SECONDS: '0',
        DATABASE_URL: Object.assign(new URL(postgres.url), { host: databaseAddress }).href,
        DATABASE_OWNER_URL: postgres.ownerUrl,
        BUS: transport,
        ...(kafka ? { KAFKA_BROKERS: map.get('kafka')?.address ?? '' } : {}),
        S3_ENDPOINT: bucket.endpoint,
        S3_BUCKET: bucket.bucket,
        S3_ACCESS_KEY_ID: bucket.accessKeyId,
        S3_SECRET_ACCESS_KEY: bucket.secretAccessKey,
        INTAKE_PORT: String(intakePort),
        PUBLIC_URL: `http://${webhooksAddress}`,
        SIMULATOR_PORT: String(simulatorPort),
        SIMULATOR_URL: `http://${vendorAddress}`,
        ...env,
      },
      program,
    );
    const world = new ChaosWorld(folder, darkroom, postgres, kafka, s3, map, s3Front, transport);
    try {
      world.present = await darkroom.start(90);
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  /** Where clients find it; kept over restarts. */
  get target(): Target {
    if (this.present === undefined) throw new Error('not started');
    return this.present;
  }

  get dataDir(): string {
    return this.darkroom.dataDir;
  }

  /** Lines that the processes logged with this in them. */
  logged(text: string): string[] {
    const folder = join(this.dataDir, 'logs');
    return readdirSync(folder).flatMap((name) =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .filter((line) => line.includes(text)),
    );
  }

  /** Past every proxy. */
  get kafkaBrokers(): string | undefined {
    return this.kafka?.brokers;
  }

  /** Past every proxy. */
  get objects(): ObjectStoreSettings {
    return { kind: 's3', ...bucketAt(this.s3.endpoint, this.s3) };
  }

  get processes(): string[] {
    const running = this.darkroom.ready?.processes.map(({ name }) => name) ?? [];
    return [...new Set([...serviceNames, ...running])].filter((name) => name !== 'launcher');
  }

  get servers(): string[] {
    return ['postgres', 's3', ...(this.transport === 'kafka' ? ['kafka'] : [])];
  }

  /** Does one thing of a plan, and notes it beside the logs; what takes time goes on beside. @returns whether there was something to do it to */
  async apply(fault: Fault): Promise<boolean> {
    const isDone = await this.doOne(fault);
    const line = JSON.stringify({ time: new Date().toISOString(), isDone, ...fault });
    appendFileSync(join(this.dataDir, 'logs', 'faults.log'), `${line}\n`);
    return isDone;
  }

  private async doOne(fault: Fault): Promise<boolean> {
    if (fault.kind === 'link') {
      const link = this.links.get(fault.link);
      if (link === undefined) return false;
      await link.break(fault.how);
      this.beside(delay(fault.seconds * 1_000).then(() => link.mend()));
      return true;
    }
    const pid = this.pidOf(fault.process);
    if (pid === undefined) return false;
    if (fault.kind === 'pause') {
      if (!signal(pid, 'SIGSTOP')) return false;
      // Postgres has a process for each connection.
      const stopped = [pid, ...childrenOf(pid).filter((child) => signal(child, 'SIGSTOP'))];
      this.beside(
        delay(fault.seconds * 1_000).then(() => stopped.forEach((one) => void signal(one, 'SIGCONT'))),
      );
      return true;
    }
    if (fault.process === 'kafka' || fault.process === 's3') {
      if (this.restarting.has(fault.process)) return false;
      this.beside(this.restart(fault.process, { inOrder: fault.kind === 'stop' }));
      return true;
    }
    // Postgres takes SIGTERM for an order to wait until its clients have gone by themselves.
    const inOrder = fault.process === 'postgres' ? 'SIGINT' : 'SIGTERM';
    return signal(pid, fault.kind === 'kill' ? 'SIGKILL' : inOrder);
  }

  /** Waits for what goes on beside, and until every process is there again. */
  async calm(): Promise<void> {
    await Promise.all(this.broken.splice(0));
    for (const link of this.links.values()) await link.mend();
    await until('all processes again', 60, async () =>
      this.processes.every((name) => this.pidOf(name) !== undefined) ? true : undefined,
    );
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.broken.splice(0));
    await this.darkroom.dispose();
    await Promise.all([...this.links.values()].map((link) => link.stop()));
    await this.s3Front.stop();
    await Promise.all([this.kafka?.stop(), this.s3.stop(), this.postgres.stop()]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private beside(work: Promise<void>): void {
    this.broken.push(work);
  }

  private pidOf(name: string): number | undefined {
    if (name === 'postgres') return this.postgres.pid;
    if (name === 'kafka') return this.kafka?.pid;
    if (name === 's3') return this.s3.pid;
    return this.darkroom.ready?.processes.find((one) => one.name === name)?.pid;
  }

  /** Killed as by a crash, or stopped in order, and started again on what it had, so much later. */
  async restart(
    server: 'kafka' | 's3',
    { seconds = 0, inOrder = false }: { readonly seconds?: number; readonly inOrder?: boolean } = {},
  ): Promise<void> {
    const end = async (one: ServerProcess | undefined): Promise<void> =>
      inOrder ? one?.stop() : one?.kill();
    this.restarting.add(server);
    if (server === 'kafka') {
      const address = this.links.get('kafka')?.address ?? '';
      await end(this.kafka);
      await delay(seconds * 1_000);
      this.kafka = await untilStarted(() => startKafka(kafkaOf(this.folder, address)));
    } else {
      await end(this.s3);
      await delay(seconds * 1_000);
      this.s3 = await untilStarted(() => startS3({ dataDir: join(this.folder, 's3') }));
    }
    this.restarting.delete(server);
  }
}

/** As a supervisor would: meanwhile another may have taken a port that it had. */
async function untilStarted<T>(start: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1)
    try {
      return await start();
    } catch (error) {
      if (tries === restartTries) throw error;
      await delay(1_000);
    }
}

const bucketAt = (endpoint: string, { accessKeyId, secretAccessKey }: RunningS3) => ({
  endpoint,
  bucket: 'images',
  region: 'us-east-1',
  accessKeyId,
  secretAccessKey,
});

/** Its clients are told to come through the proxy. */
const kafkaOf = (folder: string, address: string) => ({
  dataDir: join(folder, 'kafka'),
  settings: { 'advertised.listeners': `PLAINTEXT://${address}` },
});

/** One login for all services, as where a database is given: each acts in a role of its own. */
async function letServicesActAsClients(postgres: EmbeddedPostgres): Promise<void> {
  const admin = openDatabase(postgres.superuserUrl, { max: 1 });
  await admin`GRANT darkroom_api TO ${admin(decodeURIComponent(new URL(postgres.url).username))}`;
  await admin.end({ timeout: 5 });
}
