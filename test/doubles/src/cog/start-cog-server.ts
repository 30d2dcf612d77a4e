import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunningCog, startCog } from '@darkroom/infra';

const predictor = fileURLToPath(new URL('../../cog-server', import.meta.url));

/** cog's own server with a predictor that draws, and what it really ran. */
export interface CogServer extends RunningCog {
  /** The seed of each run that was started. */
  readonly bill: readonly string[];
}

/** @param runSeconds how long a run takes */
export async function startCogServer(webhookToken: string, runSeconds: number): Promise<CogServer> {
  const server = await startCog({
    predictor,
    concurrency: 2,
    webhookToken,
    env: { COG_SECONDS: String(runSeconds) },
  });
  return {
    ...server,
    get bill() {
      return linesOf(join(server.folder, 'bill'));
    },
  };
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n');
  } catch {
    return [];
  }
}
