import { createHash, randomUUID } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { type FileHandle, link, open, readdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { durableFolders, syncFolder } from './durable-folders.js';
import { segmentsOf } from './object-key.js';
import { readTrailer, trailerBytes, writeTrailer } from './object-trailer.js';
import { type ObjectFacts, type ObjectStore, ObjectStoreError, type PutObject } from './object-store.js';

/** Since the last write to it: who is at it writes every few seconds. */
const temporaryLifeMs = 3_600_000;

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
// ENOTDIR: a file of somebody else's stands where a folder of ours would.
const isAbsent = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(error));

async function disk<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ObjectStoreError) throw error;
    throw new ObjectStoreError('unavailable', `local disk: cannot ${what} (${codeOf(error)})`, {
      cause: error,
    });
  }
}

/** Objects as files below a folder. An object is written under a temporary name, synced, and then linked: whole or not there. */
export function localDiskObjectStore(directory: string): ObjectStore {
  const root = resolve(directory);
  // `~` is in no key: what ends in it cannot be an object, and a key may be the beginning of another.
  const temporary = join(root, 'temporary~');
  const makeFolder = durableFolders(root);
  let swept: Promise<void> | undefined;

  const fileOf = (key: string): string => {
    const segments = segmentsOf(key);
    const name = segments.pop() ?? '';
    return join(root, ...segments.map((segment) => `${segment}~`), name);
  };

  /** What a killed process left behind half written. */
  const sweep = async (): Promise<void> => {
    await makeFolder(temporary);
    for (const name of await readdir(temporary)) {
      const file = join(temporary, name);
      const found = await stat(file).catch(() => undefined);
      if (found && Date.now() - found.mtimeMs > temporaryLifeMs) await unlink(file).catch(() => undefined);
    }
  };

  const write = async (handle: FileHandle, object: PutObject): Promise<void> => {
    const hash = createHash('sha256');
    let bytes = 0;
    const source = Buffer.isBuffer(object.body) ? [object.body] : object.body;
    for await (const piece of source) {
      const chunk: Buffer = Buffer.isBuffer(piece) ? piece : Buffer.from(piece);
      bytes += chunk.length;
      if (bytes > object.bytes)
        throw new ObjectStoreError('size_mismatch', `more than the announced ${object.bytes} bytes`);
      hash.update(chunk);
      await disk('write', () => handle.writeFile(chunk));
    }
    if (bytes !== object.bytes)
      throw new ObjectStoreError('size_mismatch', `${bytes} bytes instead of the announced ${object.bytes}`);
    const sha256 = hash.digest('hex');
    if (sha256 !== object.sha256)
      throw new ObjectStoreError('checksum_mismatch', `sha256 is ${sha256}, announced was ${object.sha256}`);
    await disk('write', async () => {
      await handle.writeFile(writeTrailer({ bytes, sha256, contentType: object.contentType }));
      await handle.sync();
    });
  };

  const publish = async (unfinished: string, file: string): Promise<'stored' | 'exists'> => {
    await makeFolder(dirname(file));
    let outcome: 'stored' | 'exists' = 'stored';
    try {
      await link(unfinished, file);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      outcome = 'exists';
    }
    // Also when it exists: whoever linked it may have died before syncing.
    await syncFolder(dirname(file));
    return outcome;
  };

  const openObject = async (key: string): Promise<{ handle: FileHandle; facts: ObjectFacts } | null> => {
    const file = fileOf(key);
    return disk('read', async () => {
      const handle = await open(file, 'r').catch((error: unknown) => {
        if (isAbsent(error)) return null;
        throw error;
      });
      if (!handle) return null;
      try {
        const { size } = await handle.stat();
        const tail = Buffer.alloc(trailerBytes);
        await handle.read(tail, 0, trailerBytes, Math.max(0, size - trailerBytes));
        return { handle, facts: readTrailer(key, tail, size) };
      } catch (error) {
        await handle.close();
        throw error;
      }
    });
  };

  /** The same object is there whole: a step that is done again needs no room for it. Durable, as after a put. */
  const isThere = async ({ key, bytes, sha256 }: PutObject, file: string): Promise<boolean> => {
    const found = await openObject(key).catch(() => null);
    await found?.handle.close();
    if (found?.facts.sha256 !== sha256 || found.facts.bytes !== bytes) return false;
    await disk('sync', () => syncFolder(dirname(file)));
    return true;
  };

  async function* keysBelow(place: string, prefix: string): AsyncGenerator<string> {
    const entries = await disk('list', () =>
      readdir(place, { withFileTypes: true }).catch((error: unknown): Dirent[] => {
        if (isAbsent(error)) return [];
        throw error;
      }),
    );
    for (const entry of entries) {
      if (entry.isFile()) yield `${prefix}/${entry.name}`;
      else if (entry.isDirectory())
        yield* keysBelow(join(place, entry.name), `${prefix}/${entry.name.slice(0, -1)}`);
    }
  }

  return {
    put: async (object) => {
      const unfinished = join(temporary, randomUUID());
      let handle: FileHandle | undefined;
      try {
        const file = fileOf(object.key);
        if (await isThere(object, file)) return 'exists';
        handle = await disk('open', async () => {
          await (swept ??= sweep().catch((error: unknown) => {
            swept = undefined;
            throw error;
          }));
          return open(unfinished, 'wx', 0o600);
        });
        await write(handle, object);
        await handle.close();
        return await disk('publish', () => publish(unfinished, file));
      } finally {
        if (!Buffer.isBuffer(object.body)) object.body.destroy();
        await handle?.close().catch(() => undefined);
        if (handle) await unlink(unfinished).catch(() => undefined);
      }
    },
    head: async (key) => {
      const found = await openObject(key);
      await found?.handle.close();
      return found?.facts ?? null;
    },
    get: async (key, range) => {
      const found = await openObject(key);
      if (!found) return null;
      const { handle, facts } = found;
      const start = Math.max(0, range?.start ?? 0);
      const end = Math.min(facts.bytes - 1, range?.end ?? Number.MAX_SAFE_INTEGER);
      if (start > end) {
        await handle.close();
        return Readable.from([]);
      }
      return handle.createReadStream({ start, end });
    },
    list: (folder) => keysBelow(join(root, ...segmentsOf(folder).map((segment) => `${segment}~`)), folder),
    delete: async (key) => {
      const file = fileOf(key);
      await disk('delete', async () => {
        try {
          await unlink(file);
          await syncFolder(dirname(file));
        } catch (error) {
          if (!isAbsent(error)) throw error;
        }
      });
    },
  };
}
