import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';

/** A file that is served as it is. */
export interface StaticFile {
  readonly body: Buffer;
  readonly contentType: string;
  /** Strong entity tag. */
  readonly tag: string;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
};

/** Reads files into memory, by their path below the folder. Only what is in here can ever be served: no request names a path on disk. */
export async function loadFiles(
  folder: string,
  names?: readonly string[],
): Promise<ReadonlyMap<string, StaticFile>> {
  const wanted = names ?? (await filesBelow(folder));
  const files = await Promise.all(
    wanted.map(async (name): Promise<[string, StaticFile]> => {
      const body = await readFile(join(folder, name));
      return [name, staticFile(body, contentTypes[extname(name)] ?? 'application/octet-stream')];
    }),
  );
  return new Map(files);
}

/** A file that is made here. */
export function textFile(text: string, contentType: string): StaticFile {
  return staticFile(Buffer.from(text), contentType);
}

function staticFile(body: Buffer, contentType: string): StaticFile {
  return {
    body,
    contentType,
    tag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
  };
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isFile() && extname(entry.name) in contentTypes)
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
