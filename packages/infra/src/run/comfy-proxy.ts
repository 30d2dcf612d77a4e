import { freePort } from '@darkroom/embedded-postgres';
import { comfyProxyPart } from '../parts/comfy-proxy.js';
import { answers } from './answers.js';
import { type OwnServerOptions, ownFolder } from './own-folder.js';
import { pythonServer } from './python-server.js';
import { type ServerProcess, startServerProcess } from './server-process.js';

export interface ComfyProxyOptions extends OwnServerOptions {
  /** Of the ComfyUI behind it. */
  readonly comfyui: string;
}

export interface RunningComfyProxy extends ServerProcess {
  readonly url: string;
}

/**
 * Starts Comfy's own proxy on loopback.
 * @throws InfraError `not_installed` or `start_failed`
 */
export async function startComfyProxy(options: ComfyProxyOptions): Promise<RunningComfyProxy> {
  const { program, env } = pythonServer(comfyProxyPart);
  const { dataDir, told } = await ownFolder('comfy-proxy', options);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await startServerProcess({
    name: 'comfy-proxy',
    program,
    args: [
      '-c',
      'from comfy_api_proxy.cli import main; main()',
      '--comfyui',
      options.comfyui,
      '--port',
      String(port),
      '--state-dir',
      dataDir,
    ],
    env,
    ready: () => answers(`${url}/api/v2/jobs?limit=1`),
    ...told,
  });
  return { ...server, url };
}
