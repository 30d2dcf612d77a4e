import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.js';

const identitySchema = z.object({ pid: z.int().positive(), startedAt: z.string() });

export interface DataDirLock {
  release(): void;
}

/** Another live Darkroom owns the data folder. The message is one line for the person at the terminal. */
export class DataDirInUse extends Error {
  override readonly name = 'DataDirInUse';
  readonly code = 'data_dir_in_use';
  constructor(
    readonly dataDir: string,
    readonly owner: ProcessIdentity,
  ) {
    super(
      `another Darkroom (pid ${owner.pid}) is running on ${dataDir}; stop it, or set DATA_DIR to another folder`,
    );
  }
}

function holderOf(path: string): ProcessIdentity | 'absent' | 'unreadable' {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return 'absent';
  }
  try {
    return identitySchema.parse(JSON.parse(text));
  } catch {
    return 'unreadable';
  }
}

/**
 * Takes the data folder for this process. The owner is known by pid and start time, so that a lock left by a killed
 * process, or one whose pid was given to a stranger, does not keep anybody out.
 * @throws DataDirInUse
 */
export function lockDataDir(dataDir: string): DataDirLock {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, 'darkroom.lock');
  const own = ownIdentity();
  const prepared = `${path}.${own.pid}`;
  writeFileSync(prepared, JSON.stringify(own), { mode: 0o600 });
  try {
    for (;;) {
      if (linked(prepared, path)) return { release: () => release(path, own) };
      const holder = holderOf(path);
      if (typeof holder === 'object' && isAlive(holder)) throw new DataDirInUse(dataDir, holder);
      if (holder !== 'absent') moveStaleAside(path, own);
    }
  } finally {
    rmSync(prepared, { force: true });
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'EEXIST')
      return false;
    throw error;
  }
}

/** Renames first and looks at what was renamed: between reading and removing, another process may have taken the lock. */
function moveStaleAside(path: string, own: ProcessIdentity): void {
  const aside = `${path}.stale.${own.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return; // somebody else moved it; the next round tells
  }
  const moved = holderOf(aside);
  if (typeof moved === 'object' && isAlive(moved)) linked(aside, path);
  unlinkSync(aside);
}

function release(path: string, own: ProcessIdentity): void {
  const holder = holderOf(path);
  if (typeof holder === 'object' && holder.pid === own.pid && holder.startedAt === own.startedAt)
    rmSync(path, { force: true });
}
