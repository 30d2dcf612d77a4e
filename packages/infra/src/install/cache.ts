import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Part } from './part.js';

/** Where fetched and built parts are kept, outside of any checkout: `DARKROOM_CACHE`. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const set = env['DARKROOM_CACHE'];
  return set === undefined || set === '' ? join(homedir(), '.cache', 'darkroom') : set;
}

/** The folder of one part at its version; it is there only when it is whole. */
export function folderOf({ name, version }: Pick<Part, 'name' | 'version'>, cache = cacheFolder()): string {
  return join(cache, `${name}-${version}`);
}
