import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { s3Part } from '../parts/s3.js';
import { freePort } from '@darkroom/embedded-postgres';
import { answers } from './answers.js';
import { installedFolder } from './installed-folder.js';
import { type OwnServerOptions, ownFolder } from './own-folder.js';
import { keptFile } from './kept-file.js';
import { type ServerProcess, startServerProcess } from './server-process.js';

export interface RunningS3 extends ServerProcess {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const accessSchema = z.object({ port: z.int(), accessKeyId: z.string(), secretAccessKey: z.string() });

/**
 * Starts an S3 server of one's own on loopback, with one key that may do everything.
 * @throws InfraError `not_installed` or `start_failed`
 */
export async function startS3(options: OwnServerOptions = {}): Promise<RunningS3> {
  const folder = installedFolder(s3Part);
  const { dataDir, told } = await ownFolder('s3', options);
  await mkdir(join(dataDir, 'data'), { recursive: true });
  const access = await keptFile(join(dataDir, 'access.json'), accessSchema, async () => ({
    port: await freePort(),
    accessKeyId: randomBytes(10).toString('hex'),
    secretAccessKey: randomBytes(20).toString('hex'),
  }));
  const { port, accessKeyId, secretAccessKey } = access;
  const configFile = join(dataDir, 's3.json');
  const identity = {
    name: 'darkroom',
    credentials: [{ accessKey: accessKeyId, secretKey: secretAccessKey }],
    actions: ['Admin'],
  };
  await writeFile(configFile, JSON.stringify({ identities: [identity] }), { mode: 0o600 });
  const others = await Promise.all(Array.from({ length: 3 }, () => freePort()));
  const endpoint = `http://127.0.0.1:${port}`;
  const server = await startServerProcess({
    name: 's3',
    program: join(folder, 'bin', 'weed'),
    args: [
      'mini',
      `-dir=${join(dataDir, 'data')}`,
      '-ip=127.0.0.1',
      '-ip.bind=127.0.0.1',
      `-s3.port=${port}`,
      `-s3.config=${configFile}`,
      `-master.port=${others[0]}`,
      `-volume.port=${others[1]}`,
      `-filer.port=${others[2]}`,
      '-webdav=false',
      '-admin.ui=false',
    ],
    ready: () => answers(endpoint),
    ...told,
  });
  return { ...server, endpoint, accessKeyId, secretAccessKey };
}
