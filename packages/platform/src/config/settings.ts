import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { apiKeyPrefix } from '../auth/api-key.js';
import { type Environment, loadConfig } from './load-config.js';

const wholeNumber = (what: string, min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be ${what}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be ${what}`);

const port = wholeNumber('a port, 0 to 65535', 0, 65_535);
const flag = z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true');
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });
const postgresUrl = z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' });
/** Text that stands in one line of an environment file. */
const text = (what: string) =>
  z.string().refine((value) => value.length <= 4_096 && !/\p{Cc}/u.test(value), `must be ${what}`);
const path = text('a path');
const hostName = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;
const atLeastOneSecret = 'must be secrets of at least 16 characters, separated by commas';
const oneSecret = z.string().min(16, atLeastOneSecret);
const words = (text: string): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
const broker = z
  .string()
  .regex(
    /^([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\]):\d{1,5}$/,
    'must be brokers, host:port, separated by commas',
  );
const ownKey = (prefix: string) =>
  z
    .string()
    .refine(
      (key) => apiKeyPrefix(key) === prefix,
      `must look like ${prefix}_ and at least 16 of A-Z a-z 0-9 _ -`,
    );

/** Every setting of every process: how it is read, what it means, what holds when it is absent. */
export const settings = {
  INTAKE_PORT: port
    .default(8080)
    .describe("Port of the clients' API and the gallery; 0 takes a free one and keeps it over restarts."),
  CONTROL_PLANE_PORT: port
    .default(8081)
    .describe("Port of the operators' API and console; 0 takes a free one."),
  SIMULATOR_PORT: port.default(8090).describe('Port of the provider simulator; 0 takes a free one.'),
  SIMULATOR_URL: httpUrl
    .optional()
    .describe(
      'Where the services reach the provider simulator, and where its links to pictures lead. Absent: `HOST` and `SIMULATOR_PORT`.',
    ),
  HEALTH_PORT: port
    .optional()
    .describe(
      'Port on which a process that serves no HTTP of its own (provider-gateway, artifact, projections, relay) answers `/health/live` and `/health/ready`; 0 takes a free one. Absent: none.',
    ),
  INSTANCES: wholeNumber('1 to 9', 1, 9)
    .default(1)
    .describe(
      'Processes of each background service in `npm run start:full`: they share the work, and take it over from one that died.',
    ),
  HOST: z
    .string()
    .refine((host) => isIP(host) !== 0 || hostName.test(host), 'must be an address or the name of a host')
    .default('127.0.0.1')
    .describe('Address that the servers listen on.'),
  PUBLIC_URL: httpUrl
    .optional()
    .describe("Base URL that vendors are given for webhooks. Absent: intake's own URL."),
  DATA_DIR: path
    .default('.darkroom')
    .describe(
      'Folder of all local state: database, objects, secrets, lock. Where root starts it below a folder that only root may enter, the database lies under `/var/lib/darkroom`, and `DATA_DIR/postgres.path` says where.',
    ),
  DATABASE_URL: postgresUrl
    .optional()
    .describe('Postgres that the services use. Absent: an embedded Postgres under DATA_DIR.'),
  DATABASE_OWNER_URL: postgresUrl
    .optional()
    .describe(
      'Postgres with the role that owns the schemas and migrates them. Absent: the migrations must be there already.',
    ),
  BUS: z
    .enum(['postgres', 'kafka'], 'must be postgres or kafka')
    .default('postgres')
    .describe(
      'What carries events between services: the log of the event store itself, or Kafka, which needs `KAFKA_BROKERS` and a relay.',
    ),
  KAFKA_BROKERS: z
    .string()
    .transform(words)
    .pipe(z.array(broker).min(1, 'must be brokers, host:port, separated by commas'))
    .optional()
    .describe(
      'Brokers of Kafka, host:port, separated by commas. Needed by relay, and by all where `BUS` is `kafka`.',
    ),
  KAFKA_SSL: flag
    .default(false)
    .describe(
      'Whether brokers are spoken to in TLS. A certificate authority of your own: `NODE_EXTRA_CA_CERTS`.',
    ),
  KAFKA_USERNAME: text('a name')
    .optional()
    .describe('Login at the brokers, with `KAFKA_PASSWORD`. Absent: none is asked for.'),
  KAFKA_PASSWORD: text('a password').optional().describe('Password of that login.'),
  KAFKA_SASL_MECHANISM: z
    .enum(['plain', 'scram-sha-256', 'scram-sha-512'], 'must be plain, scram-sha-256 or scram-sha-512')
    .default('scram-sha-512')
    .describe('How that login is shown to be ours.'),
  KAFKA_REPLICATION_FACTOR: wholeNumber('1 to 9', 1, 9)
    .default(1)
    .describe('Copies of each topic that the relay makes; a topic that is there keeps its own number.'),
  S3_ENDPOINT: httpUrl
    .optional()
    .describe(
      'S3 server that keeps the images; clients fetch them there by signed links, so that it must be the name that they reach it by. Absent: AWS where `S3_BUCKET` is set, else local disk under DATA_DIR.',
    ),
  S3_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket')
    .optional()
    .describe('Bucket of the images. It must be there.'),
  S3_REGION: text('a region').default('us-east-1').describe('Region of the bucket.'),
  S3_ACCESS_KEY_ID: text('an access key').optional().describe('Access key of the bucket.'),
  S3_SECRET_ACCESS_KEY: text('a secret').optional().describe('Secret of the access key.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl
    .optional()
    .describe('OTLP collector that traces go to. Absent: no export.'),
  TRACE_URL: text('a URL')
    .refine(
      (url) => /^https?:\/\/.*\{trace_id\}/.test(url),
      'must be an http or https URL with {trace_id} in it',
    )
    .optional()
    .describe(
      'Where a trace is looked at, for the links in answers; `{trace_id}` stands for its id. Absent: no links.',
    ),
  PROVIDERS_FILE: path
    .optional()
    .describe('JSON file of provider accounts, models and routes. Absent: the simulator alone.'),
  DARKROOM_DEMO_KEY: ownKey('dk_test')
    .optional()
    .describe("The demo tenant's key. Absent: random, printed once, kept in DATA_DIR."),
  DEMO_SESSION: flag
    .default(false)
    .describe(
      "Whether a browser on intake's own machine gets a session of the demo tenant without asking. Never where a proxy on that machine lets others in. The launchers decide it by `HOST`.",
    ),
  DARKROOM_OPERATOR_KEY: ownKey('dk_ops')
    .optional()
    .describe('The first operator key. Absent: random, printed once, kept in DATA_DIR.'),
  DARKROOM_CACHE: path
    .default(() => join(homedir(), '.cache', 'darkroom'))
    .describe('Folder of what `npm run infra` fetched and built.'),
  SIGNING_SECRET: z
    .string()
    .transform(words)
    .pipe(z.tuple([oneSecret], oneSecret, atLeastOneSecret))
    .optional()
    .describe(
      'Secrets that sign content links, webhook tokens and cursors, separated by commas: the first signs, all verify. Absent: random, kept in DATA_DIR; processes of one installation must share it.',
    ),
  SIMULATOR_WEBHOOK_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{22,}={0,2}$/, 'must be whsec_ and the base64 of at least 16 bytes')
    .optional()
    .describe(
      'Secret (whsec_…) with which the simulator signs its webhooks. Absent: random, kept in DATA_DIR.',
    ),
  LOG_LEVEL: z
    .enum(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'must be trace, debug, info, warn, error, fatal or silent',
    )
    .default('info')
    .describe(
      'Least severe log line that is written. Absent in `npm start` and `npm run start:full`: `warn`.',
    ),
  DAILY_BUDGET_MICROS: z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number of millionths of a US dollar')
    .transform(Number)
    .optional()
    .describe(
      'What a tenant may spend a day (UTC), in millionths of a US dollar; more is answered with 402. Absent: no limit. A tenant may have a budget of its own, in `intake.tenants`.',
    ),
  LOG_PROMPTS: flag.default(false).describe('Whether prompts may appear in logs.'),
  DRAIN_SECONDS: wholeNumber('0 to 3600', 0, 3600)
    .default(5)
    .describe(
      'How long a process keeps serving after SIGTERM, while load balancers take it out. 0 in `npm start`.',
    ),
} as const;

export type SettingName = keyof typeof settings;

/** The typed values of the named settings. */
export type SettingValues<Name extends SettingName> = {
  readonly [N in Name]: z.output<(typeof settings)[N]>;
};

/**
 * Reads the named settings from the environment. All are looked at in every process, whatever it reads: one that is wrong, or that
 * nothing supports yet, is set by somebody who expects something that would not happen.
 * @throws ConfigError
 */
export function readSettings<const Name extends SettingName>(
  names: readonly Name[],
  env: Environment,
): SettingValues<Name> {
  const read = loadConfig(z.object(settings), env);
  const named = new Set<string>(names);
  // What is left are the named ones, which the type system cannot follow through fromEntries.
  return Object.fromEntries(Object.entries(read).filter(([name]) => named.has(name))) as SettingValues<Name>;
}
