import { ConfigError, type Environment, readSettings } from '@darkroom/platform';

/** What projections need. */
export interface ProjectionsConfig {
  readonly databaseUrl: string;
  readonly logLevel: string;
}

/**
 * Reads the process's own settings.
 * @throws ConfigError
 */
export function readProjectionsConfig(env: Environment): ProjectionsConfig {
  const { DATABASE_URL, LOG_LEVEL } = readSettings(['DATABASE_URL', 'LOG_LEVEL'], env);
  if (DATABASE_URL === undefined)
    throw new ConfigError('DATABASE_URL is missing: only the launcher brings its own Postgres');
  return { databaseUrl: DATABASE_URL, logLevel: LOG_LEVEL };
}
