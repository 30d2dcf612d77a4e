import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { InfraError } from '../errors.js';
import { cacheFolder, folderOf } from './cache.js';
import { insteadOf, type Part } from './part.js';
import { runTool } from './run-tool.js';
import { faultOf } from './tool.js';

export interface InstallOptions {
  /** Default: `DARKROOM_CACHE`. */
  readonly cache?: string;
  /** Progress, a line each. */
  readonly say: (line: string) => void;
}

/** Whether a part is in the cache, whole. */
export function isInstalled(part: Part, cache = cacheFolder()): boolean {
  return existsSync(folderOf(part, cache));
}

/**
 * Gets a part into the cache unless it is there. Done in a folder of its own and moved into place when whole: a stop in the middle
 * leaves nothing behind that looks done, and what the package managers fetched by then is not fetched again.
 * @returns the part's folder
 * @throws InfraError `tool_missing` or `install_failed`
 */
export async function install(part: Part, { cache = cacheFolder(), say }: InstallOptions): Promise<string> {
  const folder = folderOf(part, cache);
  const title = `${part.name} ${part.version}`;
  if (existsSync(folder)) {
    say(`${title} is there`);
    return folder;
  }
  refuseWithoutTools(part);
  say(`${title}: ${part.what} …`);
  const began = Date.now();
  const seconds = (): string => `${((Date.now() - began) / 1000).toFixed(0)} s`;
  const ticks = setInterval(() => say(`${title}: still at it (${seconds()})`), 15_000);
  await mkdir(cache, { recursive: true });
  const unfinished = await mkdtemp(`${folder}.unfinished-`);
  try {
    await part.install(unfinished, runTool);
    await rename(unfinished, folder).catch((error: unknown) => {
      // Another process was faster.
      if (!existsSync(folder)) throw error;
    });
  } catch (cause) {
    throw new InfraError(
      'install_failed',
      `${title} could not be had: ${cause instanceof Error ? cause.message : String(cause)}${insteadOf(part)}`,
      { part: part.name },
      { cause },
    );
  } finally {
    clearInterval(ticks);
    // Go keeps its module cache read-only; here are only its results.
    await rm(unfinished, { recursive: true, force: true });
  }
  say(`${title}: done in ${seconds()}`);
  return folder;
}

/** @throws InfraError `tool_missing` */
export function refuseWithoutTools(part: Pick<Part, 'name' | 'needs' | 'instead'>): void {
  for (const tool of part.needs) {
    const fault = faultOf(tool);
    if (fault !== undefined)
      throw new InfraError(
        'tool_missing',
        `${part.name}: ${fault} (Debian: ${tool.debianPackage})${insteadOf(part)}`,
        { part: part.name, tool: tool.program },
      );
  }
}
