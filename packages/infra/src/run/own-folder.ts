import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerProcessOptions } from './server-process.js';

/** How a server of one's own is started, whichever it is. */
export interface OwnServerOptions {
  /** Kept over restarts, with its ports. Default: a temporary one, which goes with the server. */
  readonly dataDir?: string;
  /** Every line that it prints. */
  readonly log?: (line: string) => void;
  /** Told its id before it serves. */
  readonly onSpawn?: (pid: number) => void;
}

/** Makes the folder. @returns it, and what its process is to be told of it and of whoever listens */
export async function ownFolder(
  name: string,
  { dataDir: given, log, onSpawn }: OwnServerOptions,
): Promise<{ dataDir: string; told: Pick<ServerProcessOptions, 'temporary' | 'log' | 'onSpawn'> }> {
  const dataDir = given ?? (await mkdtemp(join(tmpdir(), `darkroom-${name}-`)));
  await mkdir(dataDir, { recursive: true });
  return {
    dataDir,
    told: {
      ...(given === undefined ? { temporary: dataDir } : {}),
      ...(log === undefined ? {} : { log }),
      ...(onSpawn === undefined ? {} : { onSpawn }),
    },
  };
}
