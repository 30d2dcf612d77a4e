import { ConfigError, type Environment, readSettings } from '@darkroom/platform';
import { accountsIn } from '@darkroom/provider-accounts';

/** What the control plane needs. */
export interface ControlPlaneConfig {
  readonly databaseUrl: string;
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** Added at start where it is not there yet; absent: the keys in the table are all there are. */
  readonly operatorKey?: string;
  /** Where a trace is looked at; `{trace_id}` stands for its id. */
  readonly traceUrl?: string | undefined;
  /** Ids of the provider accounts. */
  readonly accounts: readonly string[];
  readonly logLevel: string;
}

/** The accounts of the file; without one the simulator's alone. */
export function accountIds(providersFile: string | undefined): readonly string[] {
  return accountsIn(providersFile).map(({ id }) => id);
}

/**
 * Reads the process's own settings.
 * @throws ConfigError
 */
export function readControlPlaneConfig(env: Environment): ControlPlaneConfig {
  const values = readSettings(
    [
      'DATABASE_URL',
      'HOST',
      'CONTROL_PLANE_PORT',
      'DARKROOM_OPERATOR_KEY',
      'TRACE_URL',
      'PROVIDERS_FILE',
      'LOG_LEVEL',
    ],
    env,
  );
  if (values.DATABASE_URL === undefined)
    throw new ConfigError('DATABASE_URL is missing: only the launcher brings its own Postgres');
  return {
    databaseUrl: values.DATABASE_URL,
    host: values.HOST,
    port: values.CONTROL_PLANE_PORT,
    ...(values.DARKROOM_OPERATOR_KEY === undefined ? {} : { operatorKey: values.DARKROOM_OPERATOR_KEY }),
    traceUrl: values.TRACE_URL,
    accounts: accountIds(values.PROVIDERS_FILE),
    logLevel: values.LOG_LEVEL,
  };
}
