import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { artifactMigrations } from '@darkroom/artifact';
import { decide, foldEvents, type GenerationState, mayAppend, type PlacedEvent } from '@darkroom/domain';
import { busMigrations } from '@darkroom/event-bus';
import {
  createPostgresEventStore,
  type EventStore,
  type NewEvent,
  type RecordedEvent,
} from '@darkroom/event-store';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import { newGenerationId, newUuid } from '@darkroom/platform';
import { providerGatewayMigrations } from '@darkroom/provider-gateway';
import { type RunningSimulator, startSimulator } from '@darkroom/simulator';
import { z } from 'zod';
import { type LedgerLine, readLedger, setFaults } from './client.js';
import { CommitWire } from './commit-wire.js';
import { ServiceProcess, type ServiceProcessOptions } from './service-process.js';
import { until } from './until.js';

const vendorJobSchema = z.object({ id: z.string(), status: z.string() });

/** A database, a vendor and whatever service processes a case starts: enough to watch one submit closely. */
export class SmallWorld {
  private readonly processes: ServiceProcess[] = [];
  private readonly wires: CommitWire[] = [];
  private constructor(
    private readonly database: TestDatabase,
    readonly store: EventStore,
    private readonly simulator: RunningSimulator,
    private readonly dataDir: string,
  ) {}

  static async create(): Promise<SmallWorld> {
    const database = await createTestDatabase({
      migrations: [busMigrations, ...providerGatewayMigrations, artifactMigrations],
    });
    const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-world-'));
    const simulator = await startSimulator({
      host: '127.0.0.1',
      port: 0,
      dataDir: join(dataDir, 'simulator'),
    });
    const store = createPostgresEventStore(database.sql, { mayAppend });
    return new SmallWorld(database, store, simulator, dataDir);
  }

  /** Runs a case in a world of its own, and clears it away. */
  static async with<T>(run: (world: SmallWorld) => Promise<T>): Promise<T> {
    const world = await SmallWorld.create();
    try {
      return await run(world);
    } finally {
      await world.dispose();
    }
  }

  /** Starts a service; with `crash` it stops itself there. */
  async start(
    service: ServiceProcessOptions['service'],
    crash?: ServiceProcessOptions['crash'],
    databaseUrl = this.database.url,
    leaseSeconds?: number,
  ): Promise<ServiceProcess> {
    const started = await ServiceProcess.start({
      service,
      databaseUrl,
      dataDir: this.dataDir,
      simulatorUrl: this.simulator.url,
      ...(crash === undefined ? {} : { crash }),
      ...(leaseSeconds === undefined ? {} : { leaseSeconds }),
    });
    this.processes.push(started);
    return started;
  }

  /** A wire to the database that keeps something back once. */
  async wire(eventType: string, keepsBack: 'answer' | 'write'): Promise<CommitWire> {
    const wire = await CommitWire.to(this.database.url, eventType, keepsBack);
    this.wires.push(wire);
    return wire;
  }

  async faults(faults: Record<string, unknown>): Promise<void> {
    await setFaults(this.target, faults);
  }

  async ledger(): Promise<LedgerLine[]> {
    return readLedger(this.target);
  }

  /** What became of a job at the vendor. */
  async vendorJob(id: string): Promise<z.infer<typeof vendorJobSchema>> {
    const answer = await fetch(`${this.simulator.url}/v1/jobs/${id}`, {
      headers: { authorization: 'Bearer any' },
    });
    return vendorJobSchema.parse(await answer.json());
  }

  private get target() {
    return { intake: '', demo_key: '', simulator: this.simulator.url };
  }

  /** What intake appends for a request. @returns the generation's id */
  async request(model: string, deadlineSeconds = 3_600): Promise<string> {
    const stream = newGenerationId();
    const now = Date.now();
    const prompt = `a lighthouse ${stream}`;
    await this.store.create({
      tenant: 'demo',
      idempotencyKey: stream,
      fingerprint: stream,
      stream,
      event: {
        id: newUuid(),
        type: 'GenerationRequested',
        data: {
          prompt,
          promptSalt: randomBytes(16).toString('hex'),
          promptDigest: {
            saltedSha256: createHash('sha256').update(prompt).digest('hex'),
            length: prompt.length,
          },
          model: `sim/${model}`,
          route: [`sim/${model}`],
          width: 256,
          height: 256,
          count: 1,
          minCount: 1,
          seed: 7,
          outputFormat: 'OUTPUT_FORMAT_PNG',
          metadata: {},
          deadlineSeconds,
          deadline: new Date(now + deadlineSeconds * 1000).toISOString(),
          requestedAt: new Date(now).toISOString(),
          estimatedCost: { micros: '40000', currency: 'USD' },
        },
      },
      metadata: { tenant: 'demo', actor: 'client:test' },
    });
    return stream;
  }

  async events(generation: string): Promise<RecordedEvent[]> {
    return this.store.readStream(generation);
  }

  async state(generation: string): Promise<GenerationState> {
    const events = await this.events(generation);
    // Every event of a generation's stream is one of the domain's.
    const placed = events.map((event) => ({ ...event, at: event.recordedAt.getTime() }) as PlacedEvent);
    const state = foldEvents(placed);
    if (state === undefined) throw new Error(`no stream ${generation}`);
    return state;
  }

  /** The state, as soon as it is so. */
  async when(
    what: string,
    generation: string,
    seconds: number,
    is: (state: GenerationState) => boolean,
  ): Promise<GenerationState> {
    let last = '';
    return until(
      what,
      seconds,
      async () => {
        const state = await this.state(generation);
        last = (await this.events(generation)).map(({ type }) => type).join(' ');
        return is(state) ? state : undefined;
      },
      () => `${last}\n${this.processes.map(({ printed }) => printed).join('\n')}`,
    );
  }

  /** What intake appends when a client cancels. */
  async cancel(generation: string): Promise<void> {
    const state = await this.state(generation);
    const decision = decide({ type: 'cancel', now: Date.now(), by: 'REQUESTER_CLIENT', reason: '' }, state);
    if (decision.kind === 'refused') throw new Error(`cancel was refused: ${decision.reason}`);
    await this.store.append({
      stream: generation,
      expected: state.version,
      events: decision.events.map((event): NewEvent => ({ id: newUuid(), ...event })),
      metadata: { tenant: 'demo', actor: 'client:test' },
      by: 'intake',
    });
  }

  async dispose(): Promise<void> {
    for (const process of this.processes) await process.end();
    for (const wire of this.wires) await wire.stop();
    await this.simulator.stop();
    await this.store.stop();
    await this.database.drop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
