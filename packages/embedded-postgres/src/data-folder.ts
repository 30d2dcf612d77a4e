import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { EmbeddedPostgresError } from './errors.js';
import { canUse, type RunAs } from './run-as.js';

/** Where root keeps data folders that cannot be reached below their DATA_DIR. */
const sharedData = '/var/lib/darkroom';

const pathFile = (dataDir: string): string => join(dataDir, 'postgres.path');

/** The folder of a database that was made earlier, if there is one. */
export function existingData(dataDir: string): string | undefined {
  const elsewhere = existsSync(pathFile(dataDir))
    ? readFileSync(pathFile(dataDir), 'utf8').trim()
    : undefined;
  const folder = elsewhere ?? join(dataDir, 'postgres');
  return existsSync(join(folder, 'PG_VERSION')) ? folder : undefined;
}

/**
 * Chooses where a new database goes: DATA_DIR/postgres, or, where `runAs` cannot get there (0700 parents), a place keyed by
 * DATA_DIR and named in DATA_DIR/postgres.path.
 */
export function placeForNewData(
  dataDir: string,
  runAs: RunAs | undefined,
  log: (line: string) => void,
): string {
  const beside = join(dataDir, 'postgres');
  if (runAs === undefined || reachable(dataDir, runAs) || letPass(dataDir, runAs)) return beside;
  const key = createHash('sha256').update(dataDir).digest('hex').slice(0, 32);
  const folder = join(sharedData, key, 'postgres');
  mkdirSync(dirname(folder), { recursive: true, mode: 0o755 });
  chmodSync(sharedData, 0o755);
  chmodSync(dirname(folder), 0o755);
  if (existsSync(folder)) {
    // DATA_DIR was removed, and its passwords with it. Never delete a database by ourselves.
    const aside = `${folder}.left-${Date.now()}`;
    renameSync(folder, aside);
    log(`A database of an earlier ${dataDir} was moved to ${aside}`);
  }
  writeFileSync(pathFile(dataDir), `${folder}\n`);
  return folder;
}

/**
 * Lets the database's user through a DATA_DIR of root's own that nobody else may enter: through, and no more. False, and nothing
 * is changed, where a parent bars the way.
 */
function letPass(dataDir: string, runAs: RunAs): boolean {
  const { uid, gid, mode } = statSync(dataDir);
  if (uid !== 0 || (mode & 0o077) !== 0) return false;
  chownSync(dataDir, uid, runAs.gid);
  chmodSync(dataDir, 0o710);
  if (reachable(dataDir, runAs)) return true;
  chmodSync(dataDir, mode & 0o777);
  chownSync(dataDir, uid, gid);
  return false;
}

function reachable(dataDir: string, runAs: RunAs): boolean {
  const probe = mkdtempSync(join(dataDir, 'reach-'));
  try {
    chownSync(probe, runAs.uid, runAs.gid);
    return canUse(probe, runAs);
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

/** initdb into a folder beside it, renamed when whole: a crash on the way leaves nothing that looks like a database. */
export function makeData(
  folder: string,
  binaries: string,
  major: number,
  password: string,
  runAs: RunAs | undefined,
): void {
  const unfinished = `${folder}.new`;
  const secret = mkdtempSync(join(tmpdir(), 'darkroom-initdb-'));
  const passwordFile = join(secret, 'password');
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (runAs) for (const path of [unfinished, secret, passwordFile]) chownSync(path, runAs.uid, runAs.gid);
  // 15 and 16 have no builtin provider.
  const locale =
    major >= 17
      ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
      : ['--locale=C.UTF-8'];
  const how = ['-U', 'postgres', '--auth=scram-sha-256', '--encoding=UTF8', '--no-sync', '--no-instructions'];
  const run = spawnSync(
    join(binaries, 'initdb'),
    ['-D', unfinished, `--pwfile=${passwordFile}`, ...how, ...locale],
    {
      encoding: 'utf8',
      cwd: '/',
      env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' },
      ...runAs,
    },
  );
  rmSync(secret, { recursive: true, force: true });
  if (run.status !== 0) {
    const said = run.error?.message ?? run.stderr.trim();
    throw new EmbeddedPostgresError(
      'initdb_failed',
      `the embedded Postgres could not make its data folder: ${said}`,
      { folder },
    );
  }
  renameSync(unfinished, folder);
}

/** @throws EmbeddedPostgresError where the database cannot be used by these binaries or this user. */
export function checkData(folder: string, major: number, runAs: RunAs | undefined): void {
  const version = readVersion(folder);
  if (version !== major) {
    throw new EmbeddedPostgresError(
      'data_from_other_version',
      `the database in ${folder} was made by Postgres ${version}; this is ${major}: dump it with the old one, or start afresh`,
      { folder },
    );
  }
  if (!canUse(folder, runAs)) {
    throw new EmbeddedPostgresError(
      'data_unreachable',
      `the database in ${folder} belongs to another user or cannot be reached`,
      {
        folder,
      },
    );
  }
}

function readVersion(folder: string): number {
  try {
    return Number(readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim());
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'data_unreachable',
      `the database in ${folder} belongs to another user or cannot be reached`,
      { folder },
      { cause },
    );
  }
}
