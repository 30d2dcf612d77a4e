import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';

/** The user that Postgres runs as where this process is root: Postgres refuses root. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

/** Undefined for an ordinary user. For root: who owns the data already, else `postgres`, else `nobody`. */
export function chooseUser(existingData: string | undefined): RunAs | undefined {
  if (process.getuid?.() !== 0) return undefined;
  if (existingData !== undefined) {
    const { uid, gid } = statSync(existingData);
    if (uid !== 0) return { uid, gid };
  }
  return account('postgres') ?? account('nobody') ?? { uid: 65_534, gid: 65_534 };
}

function account(name: string): RunAs | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

/** Whether that user can enter and write the folder: every parent must let it pass. */
export function canUse(folder: string, runAs: RunAs | undefined): boolean {
  const run = spawnSync('/bin/sh', ['-c', 'cd "$1" && test -w .', 'sh', folder], { cwd: '/', ...runAs });
  return run.status === 0;
}
