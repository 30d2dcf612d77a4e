import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mayAppend } from '@darkroom/domain';
import { arrayOf, createPostgresEventStore, type EventStore, openDatabase } from '@darkroom/event-store';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import {
  createLogger,
  createSigner,
  generateApiKey,
  hashApiKey,
  localDiskObjectStore,
  newUuid,
  type ObjectStore,
  type Signer,
} from '@darkroom/platform';
import { feedSubscription, projectDetail, projectFeed, readModelMigrations } from '@darkroom/read-models';
import { type IntakeConfig, intakeDefaults } from '../config.js';
import { intakeMigrations } from '../migrations.js';
import { type IntakeOptions, type RunningIntake, startIntake } from '../start-intake.js';
import { type Answer, type Call, httpCall } from './http-call.js';

const secret = 'a secret that only tests know';
/** A Standard Webhooks secret. */
export const webhookSecret = `whsec_${Buffer.from('what the simulator signs with').toString('base64')}`;
/** What a cog server of ours bears. */
export const cogToken = 'what-the-cog-server-bears';

/** Intake on a database of its own, with read models that follow, and what a test needs to be its neighbours. */
export interface TestIntake {
  readonly url: string;
  readonly routes: RunningIntake['routes'];
  /** Key of the demo tenant, and one of another tenant. */
  readonly key: string;
  readonly foreignKey: string;
  readonly database: TestDatabase;
  readonly store: EventStore;
  readonly objects: ObjectStore;
  readonly signer: Signer;
  /** Calls with the demo tenant's key. */
  call(call: Call): Promise<Answer>;
  /** Calls with nothing that was not given. */
  bare(call: Call): Promise<Answer>;
  /** POST /v1/generations with a fresh key; the id of what was made. */
  create(body?: Record<string, unknown>): Promise<string>;
  /** Stops the process and starts it anew on the same database. */
  restart(config?: Partial<IntakeConfig>): Promise<void>;
  stop(): Promise<void>;
}

export async function startTestIntake(
  overrides: Partial<IntakeConfig> = {},
  options: Pick<IntakeOptions, 'demoVendor' | 'objects'> & {
    /** What each page of the log waits for before it is projected: read models that lag. */
    readonly lag?: () => Promise<void>;
  } = {},
): Promise<TestIntake> {
  const database = await createTestDatabase({ migrations: [readModelMigrations, intakeMigrations] });
  const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-intake-'));
  const objects = options.objects ?? localDiskObjectStore(join(dataDir, 'objects'));
  const store = createPostgresEventStore(database.sql, { mayAppend });
  const feed = store.subscribe({
    subscription: feedSubscription,
    holder: newUuid(),
    pollMs: 50,
    handle: async (page, advance) => {
      await options.lag?.();
      await database.sql.begin(async (tx) => {
        await projectFeed(tx, page);
        await advance(tx);
      });
      await projectDetail({ sql: database.sql, store }, [...new Set(page.map((event) => event.stream))]);
    },
  });
  const key = generateApiKey('dk_test');
  const config: IntakeConfig = {
    ...intakeDefaults,
    host: '127.0.0.1',
    port: 0,
    databaseUrl: database.apiUrl,
    objects: { kind: 'local-disk', directory: join(dataDir, 'objects') },
    signingSecrets: [secret],
    providerWebhookSecrets: { sim: [webhookSecret], cog: [cogToken], replicate: [webhookSecret] },
    demoKey: key,
    logLevel: 'silent',
    ...overrides,
  };
  const logger = createLogger({ service: 'intake', level: process.env['TEST_LOG_LEVEL'] ?? 'silent' });
  let running: RunningIntake = await startIntake(config, { ...options, objects, logger });
  const foreignKey = await addTenant(database, 'other');

  const bare = (call: Call): Promise<Answer> => httpCall(running.url, call);
  const call = (request: Call): Promise<Answer> =>
    bare({ ...request, headers: { authorization: `Bearer ${key}`, ...request.headers } });
  return {
    get url() {
      return running.url;
    },
    get routes() {
      return running.routes;
    },
    key,
    foreignKey,
    database,
    store,
    objects,
    signer: createSigner([secret]),
    bare,
    call,
    async create(body = { prompt: 'a red bicycle in the rain' }) {
      const answer = await call({
        method: 'POST',
        path: '/v1/generations',
        headers: { 'idempotency-key': newUuid() },
        body,
      });
      if (answer.status !== 202) throw new Error(`${answer.status} ${answer.text}`);
      return answer.json<{ data: { id: string } }>().data.id;
    },
    async restart(changed = {}) {
      await running.stop();
      running = await startIntake({ ...config, ...changed }, { ...options, objects, logger });
    },
    async stop() {
      await running.stop();
      await feed.stop();
      await store.stop();
      await database.drop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Adds a tenant with one key, which it returns. */
async function addTenant({ apiUrl }: TestDatabase, tenant: string): Promise<string> {
  const key = generateApiKey('dk_test');
  const sql = openDatabase(apiUrl, { max: 1 });
  await sql`insert into intake.tenants (id, title, default_route) values (${tenant}, ${tenant}, ${arrayOf(['sim/keyed'])}::text[])`;
  await sql`insert into intake.api_keys (id, tenant, hash, label)
    values (${newUuid()}, ${tenant}, ${Buffer.from(hashApiKey(key), 'hex')}, 'test')`;
  await sql.end();
  return key;
}
