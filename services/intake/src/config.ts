import {
  ConfigError,
  type Environment,
  objectStoreSettingNames,
  type ObjectStoreSettings,
  objectStoreSettings,
  readSettings,
} from '@darkroom/platform';
import { type AccountEntry, readProvidersFile, webhookSecretsOf } from '@darkroom/provider-accounts';
import { adapterFor, knownModels } from '@darkroom/providers';
import type { PublishedKeys } from './adapters/webhook-keys.js';
import type { Routes } from './policy/resolve-model.js';

/** Everything that intake is told from outside. */
export interface IntakeConfig {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Base URL under which the world reaches us; absent: the one that we listen on. */
  readonly publicUrl: string | undefined;
  readonly databaseUrl: string;
  /** The role that migrates; absent: the migrations must be there. */
  readonly databaseOwnerUrl: string | undefined;
  readonly objects: ObjectStoreSettings;
  /** Newest first: the first signs, all verify. */
  readonly signingSecrets: readonly [string, ...string[]];
  /** Secrets of vendors' webhooks, by vendor; any of them may have signed. */
  readonly providerWebhookSecrets: Readonly<Record<string, readonly string[]>>;
  /** Where vendors publish the keys of their webhooks, by vendor. */
  readonly providerKeys: Readonly<Record<string, PublishedKeys & { readonly isPrivate: boolean }>>;
  /** Opens the demo tenant. */
  readonly demoKey: string | undefined;
  /** Visitors from this machine get a session of the demo tenant without asking. */
  readonly demoSession: boolean;
  /** What may be asked for, `<vendor>/<model>`. */
  readonly models: readonly string[];
  /** Names that stand for several models, tried in order. */
  readonly routes: Routes;
  /** What a request without a model gets in the demo tenant. */
  readonly defaultRoute: readonly string[];
  /** What a tenant may spend a day, in millionths of a US dollar, where nothing else is said of it; null: no limit. */
  readonly dailyBudget: bigint | null;
  /** Where a trace is looked at; `{trace_id}` stands for its id. */
  readonly traceUrl: string | undefined;
  readonly heartbeatMs: number;
  /** A reader of a stream that takes nothing for so long is cut. */
  readonly stuckAfterMs: number;
  /** Streams and held requests that one process keeps open at most. */
  readonly mostStreams: number;
  readonly logLevel: string;
  readonly logPrompts: boolean;
}

/** What holds where nobody said otherwise. */
export const intakeDefaults = {
  publicUrl: undefined,
  databaseOwnerUrl: undefined,
  providerWebhookSecrets: {},
  providerKeys: {},
  demoKey: undefined,
  demoSession: false,
  models: knownModels().filter((model) => model.startsWith('sim/')),
  routes: {},
  defaultRoute: ['sim/standard'],
  dailyBudget: null,
  traceUrl: undefined,
  heartbeatMs: 15_000,
  stuckAfterMs: 60_000,
  mostStreams: 5_000,
  logLevel: 'info',
  logPrompts: false,
} as const satisfies Partial<IntakeConfig>;

/**
 * Reads intake's settings from the environment.
 * @throws ConfigError in one line
 */
export function readIntakeConfig(env: Environment): IntakeConfig {
  const read = readSettings(
    [
      'HOST',
      'INTAKE_PORT',
      'PUBLIC_URL',
      'DATABASE_URL',
      'DATABASE_OWNER_URL',
      ...objectStoreSettingNames,
      'SIGNING_SECRET',
      'SIMULATOR_WEBHOOK_SECRET',
      'PROVIDERS_FILE',
      'DARKROOM_DEMO_KEY',
      'DEMO_SESSION',
      'DAILY_BUDGET_MICROS',
      'TRACE_URL',
      'LOG_LEVEL',
      'LOG_PROMPTS',
    ],
    env,
  );
  return {
    ...intakeDefaults,
    host: read.HOST,
    port: read.INTAKE_PORT,
    publicUrl: read.PUBLIC_URL,
    databaseUrl: required('DATABASE_URL', read.DATABASE_URL),
    databaseOwnerUrl: read.DATABASE_OWNER_URL,
    objects: objectStoreSettings(read),
    signingSecrets: required('SIGNING_SECRET', read.SIGNING_SECRET),
    ...offered(read.PROVIDERS_FILE, read.SIMULATOR_WEBHOOK_SECRET, env),
    demoKey: read.DARKROOM_DEMO_KEY,
    dailyBudget: budgetOf(read.DAILY_BUDGET_MICROS),
    traceUrl: read.TRACE_URL,
    demoSession: read.DEMO_SESSION,
    logLevel: read.LOG_LEVEL,
    logPrompts: read.LOG_PROMPTS,
  };
}

/** The setting as intake counts. */
export const budgetOf = (micros: number | undefined): bigint | null =>
  micros === undefined ? null : BigInt(micros);

/**
 * What clients may ask for, and whose webhooks are believed. Without a file the simulator alone.
 * @throws ConfigError
 */
export function offered(
  providersFile: string | undefined,
  simulatorSecret: string | undefined,
  env: Environment,
): Pick<IntakeConfig, 'models' | 'routes' | 'defaultRoute' | 'providerWebhookSecrets' | 'providerKeys'> {
  const secrets: Record<string, string[]> = simulatorSecret === undefined ? {} : { sim: [simulatorSecret] };
  if (providersFile === undefined) {
    const { models, routes, defaultRoute } = intakeDefaults;
    return { models, routes, defaultRoute, providerWebhookSecrets: secrets, providerKeys: {} };
  }
  const { accounts, models, routes } = readProvidersFile(providersFile);
  for (const account of accounts) (secrets[account.vendor] ??= []).push(...webhookSecretsOf(account, env));
  return {
    models,
    routes,
    defaultRoute: models.slice(0, 1),
    providerWebhookSecrets: secrets,
    // The first account of a vendor is the one that serves its models.
    providerKeys: Object.fromEntries(accounts.toReversed().flatMap(keysOf)),
  };
}

/** Of one account of a vendor that publishes keys. */
function keysOf(entry: AccountEntry): [vendor: string, keys: IntakeConfig['providerKeys'][string]][] {
  const adapter = adapterFor(entry.vendor);
  const { at, path } = adapter?.webhookKeys ?? {};
  const base = at === undefined ? undefined : (entry.otherBaseUrls[at] ?? adapter?.otherBaseUrls?.[at]);
  if (base === undefined || path === undefined) return [];
  const isPrivate = entry.privateOrigins.includes(new URL(base).origin);
  return [[entry.vendor, { account: entry.id, url: base + path, isPrivate }]];
}

/** Optional in the launcher, which makes its own; a process by itself must be told. */
function required<T>(name: string, value: T | undefined): T {
  if (value === undefined) throw new ConfigError(`wrong settings: ${name} is missing`);
  return value;
}
