import { freePort } from '@darkroom/embedded-postgres';
import { cogPart } from '../parts/cog.js';
import { type OwnServerOptions, ownFolder } from './own-folder.js';
import { pythonServer } from './python-server.js';
import { type ServerProcess, startServerProcess } from './server-process.js';

export interface CogOptions extends OwnServerOptions {
  /** Where `predict.py` is, with its class `Runner`, and beside it `.cog/openapi_schema.json`. */
  readonly predictor: string;
  /** Runs at once. Default 1. */
  readonly concurrency?: number;
  /** What its webhooks bear. */
  readonly webhookToken: string;
  /** For the predictor. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunningCog extends ServerProcess {
  readonly url: string;
  /** Where it and its predictor may write. */
  readonly folder: string;
}

/**
 * Starts cog's prediction server on loopback.
 * @throws InfraError `not_installed` or `start_failed`
 */
export async function startCog(options: CogOptions): Promise<RunningCog> {
  const { program, env } = pythonServer(cogPart);
  const { dataDir, told } = await ownFolder('cog', options);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await startServerProcess({
    name: 'cog',
    program,
    args: ['-m', 'cog.server.http', '--host', '127.0.0.1'],
    cwd: options.predictor,
    env: {
      ...options.env,
      ...env,
      PORT: String(port),
      TMPDIR: dataDir,
      COG_PREDICT_TYPE_STUB: 'predict.py:Runner',
      COG_MAX_CONCURRENCY: String(options.concurrency ?? 1),
      WEBHOOK_AUTH_TOKEN: options.webhookToken,
    },
    ready: /now accepting requests/,
    ...told,
  });
  return { ...server, url, folder: dataDir };
}
