import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { OutputRejected } from '../policy/output-rejected.js';

/** Bytes on their way in, nowhere visible yet. */
export interface IncomingFile {
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Its first bytes, for telling what it is. */
  readonly head: Buffer;
  discard(): Promise<void>;
}

/** Longer than any download may take. */
const forgottenAfterMs = 3_600_000;
const headBytes = 64 * 1024;

/** Makes the folder of incoming files and removes what a killed process left there. */
export async function sweepIncoming(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const found = await stat(file).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > forgottenAfterMs) await unlink(file).catch(() => undefined);
  }
}

/**
 * Writes a stream to a file of its own, hashing as it goes. Errors of the source come through as they are; nothing is left
 * behind then.
 * @throws OutputRejected `TOO_LARGE`
 */
export async function receive(folder: string, source: Readable, maxBytes: number): Promise<IncomingFile> {
  const path = join(folder, randomUUID());
  const discard = async (): Promise<void> => {
    await unlink(path).catch(() => undefined);
  };
  const hash = createHash('sha256');
  const start: Buffer[] = [];
  let bytes = 0;
  try {
    const handle = await open(path, 'wx', 0o600);
    try {
      for await (const piece of source) {
        const chunk: Buffer = Buffer.isBuffer(piece) ? piece : Buffer.from(piece);
        if (bytes < headBytes) start.push(chunk);
        bytes += chunk.length;
        if (bytes > maxBytes)
          throw new OutputRejected('REJECTION_REASON_TOO_LARGE', `more than ${maxBytes} bytes`);
        hash.update(chunk);
        await handle.writeFile(chunk);
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    await discard();
    throw error;
  } finally {
    source.destroy();
  }
  const head = Buffer.concat(start).subarray(0, headBytes);
  return { path, bytes, sha256: hash.digest('hex'), head, discard };
}
