import { type BusSettings, busSettingNames, busSettings } from '@darkroom/event-bus';
import { ConfigError, type Environment, readSettings } from '@darkroom/platform';

/** What projections need. */
export interface ProjectionsConfig {
  readonly databaseUrl: string;
  readonly bus: BusSettings;
  readonly logLevel: string;
  /** How far behind the bus, and how often, the log is swept. Default: a minute, every 10 s. */
  readonly sweep?: { readonly olderThanMs: number; readonly everyMs: number };
}

/**
 * Reads the process's own settings.
 * @throws ConfigError
 */
export function readProjectionsConfig(env: Environment): ProjectionsConfig {
  const read = readSettings(['DATABASE_URL', 'LOG_LEVEL', ...busSettingNames], env);
  const { DATABASE_URL, LOG_LEVEL } = read;
  if (DATABASE_URL === undefined)
    throw new ConfigError('DATABASE_URL is missing: only the launcher brings its own Postgres');
  return { databaseUrl: DATABASE_URL, bus: busSettings(read), logLevel: LOG_LEVEL };
}
