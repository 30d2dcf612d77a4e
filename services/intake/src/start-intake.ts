import {
  createPostgresEventStore,
  databaseRoles,
  eventStoreMigrations,
  migrate,
  openDatabase,
  openMigrated,
} from '@darkroom/event-store';
import {
  type Allowance,
  allowanceOf,
  createEgress,
  createHttpApp,
  createLogger,
  createSigner,
  type KnownRoute,
  type Logger,
  type ObjectStore,
  openObjectStore,
  type RunningService,
  signContentLink,
  type Signer,
} from '@darkroom/platform';
import { mayAppend } from '@darkroom/domain';
import { feedHead, type LinkSigner, readFeeds, readModelMigrations, spentSince } from '@darkroom/read-models';
import { addDemoKey } from './adapters/add-demo-key.js';
import { FeedTail } from './adapters/feed-tail.js';
import { loadGallery, loadReferenceViewer } from './adapters/gallery-files.js';
import { KeyDirectory } from './adapters/key-directory.js';
import { OpenStreams } from './adapters/open-streams.js';
import { tenantBudgets } from './adapters/tenant-budget.js';
import { WebhookKeys } from './adapters/webhook-keys.js';
import type { DemoVendor } from './demo-vendor.js';
import type { IntakeConfig } from './config.js';
import { securityHeaders } from './http/security-headers.js';
import { admitWebhooks, mostWebhookBytes, webhookPath } from './http/webhook-admission.js';
import { IntakeModule } from './intake.module.js';
import type { IntakeParts } from './intake-parts.js';
import { intakeMigrations } from './migrations.js';

export interface IntakeOptions {
  /** Default: one of the service's own. */
  readonly logger?: Logger;
  /** Where the images are. Default: what the settings name. */
  readonly objects?: ObjectStore;
  /** The vendor of a demo, which its visitors may break. No setting brings one: only who embeds intake can. */
  readonly demoVendor?: DemoVendor;
}

export interface RunningIntake extends RunningService {
  readonly url: string;
  /** Every method and path that it answers, as its router has them. */
  readonly routes: readonly KnownRoute[];
  /** Readiness turns false; everything is served on until `stop`. */
  leave(): void;
}

/** Vendors' keys on private addresses that the configuration allows. */
const keyAllowances = (published: IntakeConfig['providerKeys']): Allowance[] =>
  Object.values(published)
    .filter(({ isPrivate }) => isPrivate)
    .map(({ account, url }) => allowanceOf('keys', account, url));

/**
 * Starts the clients' HTTP API. The schemas of the event store and of the read models must be there.
 * @throws ConfigError or MigrationError, of one line each, where it must not start
 */
export async function startIntake(config: IntakeConfig, options: IntakeOptions = {}): Promise<RunningIntake> {
  const logger =
    options.logger ??
    createLogger({ service: 'intake', level: config.logLevel, logPrompts: config.logPrompts });
  if (config.databaseOwnerUrl !== undefined) await migrateOwn(config.databaseOwnerUrl);

  const objects = options.objects ?? (await openObjectStore(config.objects, logger));
  const sql = await openMigrated(
    config.databaseUrl,
    [eventStoreMigrations, readModelMigrations, intakeMigrations],
    { role: databaseRoles.api, applicationName: 'intake', max: 20 },
  );
  const store = createPostgresEventStore(sql, { mayAppend });
  const signer = createSigner(config.signingSecrets);
  const onError = (what: string) => (err: unknown) => logger.warn({ err }, what);
  const keys = new KeyDirectory(sql);
  const egress = createEgress({ allow: keyAllowances(config.providerKeys) });
  const streams = new OpenStreams((keyIds) => keys.dead(keyIds), {
    limit: config.mostStreams,
    onError: onError('the keys of open streams could not be checked'),
  });
  const tail = new FeedTail(
    {
      head: () => feedHead({ store }),
      after: (places, limitEach) => readFeeds(sql, places, limitEach),
      onAppended: (listener) => store.onAppended(listener),
    },
    { onError: onError('the feed could not be read; it is tried again') },
  );
  const leaving = new AbortController();
  const closeStores = async (): Promise<void> => {
    await Promise.all([streams.stop(), tail.stop()]);
    objects.stop?.();
    await egress.stop();
    await store.stop();
    await sql.end({ timeout: 5 });
  };

  try {
    const { demoKey } = config;
    const demoKeyId = demoKey === undefined ? undefined : await addDemoKey(sql, demoKey, config.defaultRoute);
    const demoVendor = config.demoSession ? options.demoVendor : undefined;
    const parts: IntakeParts = {
      config,
      logger,
      sql,
      store,
      objects,
      picturesAt: await originOf(objects),
      signer,
      links: contentLinks(signer),
      keys,
      budgets: tenantBudgets({
        spentSince: (tenant, since, named) => spentSince(sql, tenant, since, named),
        now: Date.now,
      }),
      webhookKeys: new WebhookKeys(config.providerWebhookSecrets, config.providerKeys, egress, logger),
      streams,
      tail,
      gallery: await loadGallery({ demo: demoVendor !== undefined }),
      viewer: await loadReferenceViewer(),
      demoKeyId: config.demoSession ? demoKeyId : undefined,
      demoVendor,
      stopping: leaving.signal,
    };
    const http = await createHttpApp(IntakeModule.with(parts), {
      name: 'intake',
      host: config.host,
      port: config.port,
      logger,
      bodyLimits: { [webhookPath]: mostWebhookBytes },
      unparsed: [webhookPath],
      headers: securityHeaders,
    });
    admitWebhooks(http.fastify, signer);
    const server = await http.start();

    let stopped: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      leaving.abort();
      // What is held open ends first: the server waits for its requests.
      await Promise.all([streams.stop(), tail.stop()]);
      await server.stop();
      await closeStores();
    };
    return {
      name: 'intake',
      url: server.url,
      routes: http.routes,
      leave: () => leaving.abort(),
      stop: () => (stopped ??= stop()),
    };
  } catch (error) {
    await closeStores();
    throw error;
  }
}

/** Where the object store's links lead; they are made here, without asking its server. */
async function originOf(objects: ObjectStore): Promise<string | undefined> {
  const link = await objects.linkTo?.('any', 1);
  return link === undefined ? undefined : new URL(link).origin;
}

/** The tables of intake alone; those of the store and the read models are made by whoever owns them. */
async function migrateOwn(ownerUrl: string): Promise<void> {
  const owner = openDatabase(ownerUrl, { applicationName: 'intake migrations', max: 1 });
  try {
    await migrate(owner, [intakeMigrations]);
  } finally {
    await owner.end({ timeout: 5 });
  }
}

function contentLinks(signer: Signer): LinkSigner {
  const link = (id: string, which: string): string =>
    signContentLink(signer, `/v1/artifacts/${id}/${which}`, Date.now());
  return {
    contentUrl: (id) => link(id, 'content'),
    thumbnailUrl: (id) => link(id, 'thumbnail'),
  };
}
