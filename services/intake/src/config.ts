import {
  ConfigError,
  type Environment,
  objectStoreSettingNames,
  type ObjectStoreSettings,
  objectStoreSettings,
  readSettings,
} from '@darkroom/platform';
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
  /** Opens the demo tenant. */
  readonly demoKey: string | undefined;
  /** Visitors from this machine get a session of the demo tenant without asking. */
  readonly demoSession: boolean;
  /** Names that stand for several models, tried in order. */
  readonly routes: Routes;
  /** What a request without a model gets in the demo tenant. */
  readonly defaultRoute: readonly string[];
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
  demoKey: undefined,
  demoSession: false,
  routes: {},
  defaultRoute: ['sim/standard'],
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
      'DARKROOM_DEMO_KEY',
      'DEMO_SESSION',
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
    providerWebhookSecrets:
      read.SIMULATOR_WEBHOOK_SECRET === undefined ? {} : { sim: [read.SIMULATOR_WEBHOOK_SECRET] },
    demoKey: read.DARKROOM_DEMO_KEY,
    traceUrl: read.TRACE_URL,
    demoSession: read.DEMO_SESSION,
    logLevel: read.LOG_LEVEL,
    logPrompts: read.LOG_PROMPTS,
  };
}

/** Optional in the launcher, which makes its own; a process by itself must be told. */
function required<T>(name: string, value: T | undefined): T {
  if (value === undefined) throw new ConfigError(`wrong settings: ${name} is missing`);
  return value;
}
