import { accessSync, constants, existsSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '@darkroom/platform';

/**
 * Makes the data folder where it is not there yet, readable by its owner alone.
 * @returns its real path
 * @throws ConfigError it cannot be made or written to
 */
export function makeDataDir(path: string): string {
  try {
    makeFolders(resolve(path));
    accessSync(path, constants.W_OK | constants.X_OK);
    return realpathSync(path);
  } catch (cause) {
    const why =
      typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : String(cause);
    throw new ConfigError(`DATA_DIR ${path} cannot be made or written to (${why})`, { cause });
  }
}

/** One by one: the recursive mkdir of Node 20 never comes back from a file system that makes none, such as /proc. */
function makeFolders(path: string): void {
  if (existsSync(path)) return;
  makeFolders(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process was faster.
    if (!existsSync(path)) throw error;
  }
}
