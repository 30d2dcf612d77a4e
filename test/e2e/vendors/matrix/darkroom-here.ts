import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { artifactDefaults, privateHosts, startArtifact } from '@darkroom/artifact';
import { generationEventTypes, type GenerationEventType } from '@darkroom/contract';
import { foldEvents, type GenerationState, mayAppend } from '@darkroom/domain';
import { createPostgresEventStore, type EventStore, type RecordedEvent } from '@darkroom/event-store';
import type { TestDatabase } from '@darkroom/event-store/testing';
import { intakeDefaults, offered, startIntake } from '@darkroom/intake';
import { fromPublicId, generateApiKey, type RunningService, stopInReverse } from '@darkroom/platform';
import { startProjections } from '@darkroom/projections';
import { configuredAccounts, startProviderGateway } from '@darkroom/provider-gateway';
import { getGeneration, type Resource, type Target, tryCancel, tryCreate } from '../../../faults/client.js';
import { createWholeDatabase } from '../../../faults/whole-database.js';
import { accountOf, type Subject, webhookSecret } from './subjects.js';

/** Nobody listens there: no account is at the simulator. */
const nowhere = 'http://127.0.0.1:9';

/**
 * Waits are what a vendor asks for, to the second: without the spread that keeps many requests apart, which differs each time. And an
 * account that is paused is probed each second.
 */
const retry = { capSeconds: 0, probeSeconds: 1 } as const;

const types = new Set<string>(generationEventTypes);

/** An event of a generation's log. */
export type Logged = Extract<RecordedEvent, { readonly type: GenerationEventType }>;

/** All services of a Darkroom with an account at each vendor, in this process and on one Postgres. */
export class DarkroomHere {
  private constructor(
    private readonly database: TestDatabase,
    private readonly store: EventStore,
    private readonly target: Target,
    private readonly end: () => Promise<void>,
  ) {}

  static async start(subjects: readonly Subject[]): Promise<DarkroomHere> {
    const folder = mkdtempSync(join(tmpdir(), 'darkroom-matrix-'));
    const database = await createWholeDatabase();
    const store = createPostgresEventStore(database.sql, { mayAppend });
    const running: RunningService[] = [
      {
        name: 'database',
        stop: async () => {
          await store.stop();
          await database.drop();
          rmSync(folder, { recursive: true });
        },
      },
    ];
    try {
      const target = await startServices(database, folder, subjects, running);
      return new DarkroomHere(database, store, target, async () => stopInReverse(running));
    } catch (error) {
      await stopInReverse(running);
      throw error;
    }
  }

  async create(body: Record<string, unknown>): Promise<string> {
    const id = await tryCreate(this.target, randomUUID(), body);
    if (id === undefined) throw new Error('not taken');
    return id;
  }

  async cancel(id: string): Promise<void> {
    const answer = await tryCancel(this.target, id);
    if (answer !== 'taken') throw new Error(`the cancellation was ${answer ?? 'not answered'}`);
  }

  /** As the API shows it. */
  async resource(id: string): Promise<Resource> {
    return getGeneration(this.target, id);
  }

  /** Its log. */
  async events(id: string): Promise<Logged[]> {
    const recorded = await this.store.readStream(fromPublicId('gen', id) ?? '');
    return recorded.filter((event): event is Logged => types.has(event.type));
  }

  /** What its log comes to. */
  async state(id: string): Promise<GenerationState> {
    const events = await this.events(id);
    const state = foldEvents(events.map((event) => ({ ...event, at: event.recordedAt.getTime() })));
    if (state === undefined) throw new Error(`${id} has no log`);
    return state;
  }

  /** Why an account takes no work; null: it does. */
  async pausedBy(account: string): Promise<string | null> {
    const [row] = await this.database.superuser<{ paused_by: string | null }[]>`
      SELECT paused_by FROM gateway.account_gates WHERE account = ${account}`;
    return row?.paused_by ?? null;
  }

  /** What one request was told is nothing to the next. */
  async forgetRefusals(account: string): Promise<void> {
    await this.database.superuser`
      UPDATE gateway.account_gates SET not_before = '-infinity', paused_by = NULL, bears = NULL, tries = 20
      WHERE account = ${account}`;
  }

  /**
   * The database’s clock cannot be moved: what it counts to is brought nearer, of what is due within the hour and not within `beyond`
   * seconds.
   */
  async bringNearer(seconds: number, beyond: number): Promise<void> {
    await this.database.superuser`
      UPDATE gateway.jobs SET due_at = due_at - make_interval(secs => ${seconds})
      WHERE due_at BETWEEN clock_timestamp() + make_interval(secs => ${beyond}) AND clock_timestamp() + interval '1 hour'`;
  }

  async stop(): Promise<void> {
    await this.end();
  }
}

async function startServices(
  database: TestDatabase,
  folder: string,
  subjects: readonly Subject[],
  running: RunningService[],
): Promise<Target> {
  const started = async <T extends RunningService>(service: Promise<T>): Promise<T> => {
    const is = await service;
    running.push(is);
    return is;
  };
  const file = join(folder, 'providers.json');
  writeFileSync(file, JSON.stringify({ accounts: subjects.map(accountOf) }));
  const env = { VENDOR_KEY: 'a:key', WEBHOOK_SECRET: webhookSecret };
  const demoKey = generateApiKey('dk_test');
  const common = {
    databaseUrl: database.url,
    bus: { kind: 'postgres' },
    objects: { kind: 'local-disk', directory: join(folder, 'objects') },
    logLevel: process.env['TEST_LOG_LEVEL'] ?? 'silent',
  } as const;
  const signingSecrets = ['a secret of these tests alone'] as const;
  const intake = await started(
    startIntake({
      ...intakeDefaults,
      ...common,
      host: '127.0.0.1',
      port: 0,
      databaseUrl: database.apiUrl,
      signingSecrets,
      ...offered(file, undefined, env),
      demoKey,
    }),
  );
  await started(startProjections(common));
  await started(
    startArtifact({
      ...artifactDefaults,
      ...common,
      dataDir: folder,
      allowedHosts: privateHosts(file, nowhere),
    }),
  );
  await started(
    startProviderGateway({
      ...common,
      publicUrl: intake.url,
      signingSecrets,
      accounts: configuredAccounts(file, { simulatorUrl: nowhere, publicUrl: intake.url }, env),
      retry,
    }),
  );
  return { intake: intake.url, simulator: nowhere, demo_key: demoKey };
}
