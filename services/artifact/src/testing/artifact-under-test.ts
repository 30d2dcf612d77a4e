import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { EventData, EventType } from '@darkroom/contract';
import { busMigrations } from '@darkroom/event-bus';
import { createPostgresEventStore, type EventStore, type NewEvent } from '@darkroom/event-store';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import { localDiskObjectStore, type ObjectStore, type RunningService } from '@darkroom/platform';
import { type ArtifactConfig, artifactDefaults, artifactMigrations, startArtifact } from '../index.js';
import type { ArtifactOptions } from '../start-artifact.js';
import {
  type GenerationRecord,
  loadGeneration,
  type LoadedGeneration,
} from '../use-cases/load-generation.js';

type Link = EventData['OutputsProduced']['links'][number];
type Declared = EventData['OutputsProduced']['outputs'][number];

export interface Seed {
  readonly links: readonly Partial<Link>[];
  readonly outputs?: readonly Partial<Declared>[];
  readonly minCount?: number;
  readonly deadlineMs?: number;
}

const cost = { micros: '40000', currency: 'USD' };
const tenant = 'acme';

/** The service on a real Postgres, and a hand that plays the other services. */
export class ArtifactUnderTest {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'darkroom-artifact-'));
  readonly objects: ObjectStore = localDiskObjectStore(join(this.dataDir, 'objects'));
  /** Short waits. */
  readonly limits = {
    ...artifactDefaults.limits,
    idleTimeoutMs: 500,
    rateGraceMs: 300,
    retryPauseMs: 1,
    linkPatienceMs: 0,
  };
  private readonly running: RunningService[] = [];

  private constructor(
    readonly database: TestDatabase,
    readonly store: EventStore,
  ) {}

  static async create(): Promise<ArtifactUnderTest> {
    const database = await createTestDatabase({ migrations: [busMigrations, artifactMigrations] });
    return new ArtifactUnderTest(database, createPostgresEventStore(database.sql));
  }

  async start(config: Partial<ArtifactConfig> = {}, options: ArtifactOptions = {}): Promise<RunningService> {
    const service = await startArtifact(
      {
        ...artifactDefaults,
        databaseUrl: this.database.url,
        objects: { kind: 'local-disk', directory: join(this.dataDir, 'objects') },
        dataDir: this.dataDir,
        logLevel: 'silent',
        pollMs: 50,
        retryAfterMs: 20,
        limits: this.limits,
        ...config,
      },
      { objects: this.objects, ...options },
    );
    this.running.push(service);
    return service;
  }

  async stopServices(): Promise<void> {
    for (const service of this.running.splice(0)) await service.stop();
  }

  async drop(): Promise<void> {
    await this.stopServices();
    await this.store.stop();
    await this.database.drop();
    rmSync(this.dataDir, { recursive: true });
  }

  /** A generation whose vendor has just produced these outputs. */
  async produced({ links, outputs = [], minCount, deadlineMs = 3_600_000 }: Seed): Promise<string> {
    const now = Date.now();
    const at = new Date(now).toISOString();
    const count = links.length;
    const generation = randomUUID();
    await this.append(generation, 'none', [
      this.event('GenerationRequested', {
        prompt: 'a red bicycle',
        promptSalt: '00',
        promptDigest: { saltedSha256: '00', length: 13 },
        model: 'sim/standard',
        route: ['sim/standard'],
        width: 320,
        height: 200,
        count,
        minCount: minCount ?? count,
        seed: 7,
        outputFormat: 'OUTPUT_FORMAT_PNG',
        metadata: {},
        deadlineSeconds: 3_600,
        deadline: new Date(now + deadlineMs).toISOString(),
        requestedAt: at,
        estimatedCost: cost,
      }),
      this.event('SubmissionStarted', {
        run: 1,
        attempt: 1,
        account: 'sim',
        model: 'sim/standard',
        reference: 'reference',
        seed: 7,
        sendBy: at,
        estimatedCost: cost,
        probe: false,
      }),
      this.event('SubmissionAccepted', {
        run: 1,
        attempt: 1,
        vendorJobId: `job-${generation}`,
        charge: 'CHARGE_CERTAIN',
        cost,
      }),
      this.event('OutputsProduced', {
        run: 1,
        attempt: 1,
        outputs: links.map((_, index) => ({
          index,
          sha256: '',
          bytes: '0',
          mediaType: '',
          ...outputs[index],
        })),
        links: links.flatMap((link, index) =>
          Object.keys(link).length === 0 ? [] : [{ index, url: '', stagingKey: '', ...link }],
        ),
        charge: 'CHARGE_CERTAIN',
        cost,
      }),
    ]);
    return generation;
  }

  event<T extends EventType>(type: T, data: EventData[T]): NewEvent<T> {
    return { id: randomUUID(), type, data };
  }

  async append(
    stream: string,
    expected: number | 'none' | 'exists',
    events: readonly NewEvent[],
  ): Promise<void> {
    const metadata = { tenant, actor: 'service:test' };
    const { outcome } = await this.store.append({
      stream,
      expected,
      events,
      metadata,
      by: 'provider-gateway',
    });
    if (outcome !== 'appended') throw new Error(outcome);
  }

  /** What the gateway does when a fresh link is asked for. */
  async refresh(generation: string, index: number, refresh: number, link: Partial<Link>): Promise<void> {
    const data = { run: 1, attempt: 1, index, refresh, link: { index, url: '', stagingKey: '', ...link } };
    await this.append(generation, 'exists', [this.event('OutputsRefreshed', data)]);
  }

  async load(generation: string): Promise<LoadedGeneration> {
    const loaded = await loadGeneration(this.store, generation);
    if (!loaded) throw new Error('no such stream');
    return loaded;
  }

  /** Waits until the generation is as wanted, and gives the events of the artifact service. */
  async until(
    generation: string,
    wanted: (loaded: LoadedGeneration) => boolean,
    withinMs = 45_000,
  ): Promise<GenerationRecord[]> {
    const end = Date.now() + withinMs;
    for (;;) {
      const loaded = await this.load(generation);
      if (wanted(loaded)) return loaded.events.slice(4);
      if (Date.now() > end) {
        const types = loaded.events.map(({ type }) => type).join(', ');
        throw new Error(`not within ${withinMs} ms; the stream is ${types}`);
      }
      await pause(10);
    }
  }

  async job(
    generation: string,
  ): Promise<{ phase: string | null; due: Date | null; held: boolean } | undefined> {
    const [row] = await this.database.sql<{ phase: string | null; due: Date | null; held: boolean }[]>`
      SELECT phase, nullif(due_at, 'infinity') AS due, holder IS NOT NULL AS held FROM artifact.jobs WHERE generation = ${generation}`;
    return row;
  }
}
