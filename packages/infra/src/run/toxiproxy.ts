import { join } from 'node:path';
import { freePort } from '@darkroom/embedded-postgres';
import { toxiproxyPart } from '../parts/toxiproxy.js';
import { answers } from './answers.js';
import { installedFolder } from './installed-folder.js';
import { type ServerProcess, startServerProcess } from './server-process.js';

/** A proxy that breaks connections on command. */
export interface RunningToxiproxy extends ServerProcess {
  /** Base URL of its API. */
  readonly url: string;
}

/**
 * Starts toxiproxy on loopback.
 * @throws InfraError `not_installed` or `start_failed`
 * @see https://github.com/Shopify/toxiproxy#http-api
 */
export async function startToxiproxy(): Promise<RunningToxiproxy> {
  const folder = installedFolder(toxiproxyPart);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await startServerProcess({
    name: 'toxiproxy',
    program: join(folder, 'bin', 'server'),
    args: ['-host', '127.0.0.1', '-port', String(port)],
    ready: () => answers(`${url}/version`),
  });
  return { ...server, url };
}
