/** A setting is missing or wrong. The message is one line for the person who starts the process. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'config_invalid';
}
