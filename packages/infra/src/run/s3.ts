import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { s3Part } from '../parts/s3.js';
import { freePort } from '@darkroom/embedded-postgres';
import { answers } from './answers.js';
import { installedFolder } from './installed-folder.js';
import { keptFile } from './kept-file.js';
import { type ServerProcess, startServerProcess } from './server-process.js';

export interface S3Options {
  /** Kept over restarts. Default: a temporary one, which goes with the server. */
  readonly dataDir?: string;
  readonly log?: (line: string) => void;
  readonly onSpawn?: (pid: number) => void;
}

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
export async function startS3(options: S3Options = {}): Promise<RunningS3> {
  const folder = installedFolder(s3Part);
  const temporary = options.dataDir === undefined ? await mkdtemp(join(tmpdir(), 'darkroom-s3-')) : undefined;
  const dataDir = options.dataDir ?? temporary ?? '';
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
    ...(temporary === undefined ? {} : { temporary }),
    ...(options.log === undefined ? {} : { log: options.log }),
    ...(options.onSpawn === undefined ? {} : { onSpawn: options.onSpawn }),
  });
  return { ...server, endpoint, accessKeyId, secretAccessKey };
}
