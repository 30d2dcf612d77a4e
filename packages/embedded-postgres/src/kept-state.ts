import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** What must be the same at the next start; kept in DATA_DIR/postgres.json, 0600. */
export interface KeptState {
  readonly port: number;
  readonly superuserPassword: string;
  readonly ownerPassword: string;
  readonly servicePassword: string;
  readonly apiPassword: string;
  /** Roles and database are made. */
  readonly prepared: boolean;
}

const fileOf = (dataDir: string): string => join(dataDir, 'postgres.json');
const password = (): string => randomBytes(24).toString('hex');

/** The kept state, or new passwords, stored before initdb uses them. */
export function readState(dataDir: string): KeptState {
  if (existsSync(fileOf(dataDir))) {
    const kept = JSON.parse(readFileSync(fileOf(dataDir), 'utf8')) as
      KeptState | Omit<KeptState, 'apiPassword'>;
    // Made by a version that had fewer roles: they are prepared again.
    return 'apiPassword' in kept ? kept : { ...kept, apiPassword: password(), prepared: false };
  }
  const state = {
    port: 0,
    superuserPassword: password(),
    ownerPassword: password(),
    servicePassword: password(),
    apiPassword: password(),
    prepared: false,
  };
  writeState(dataDir, state);
  return state;
}

/** Replaces the file at once: a crash leaves the old or the new one. */
export function writeState(dataDir: string, state: KeptState): void {
  const unfinished = `${fileOf(dataDir)}.${process.pid}`;
  const file = openSync(unfinished, 'w', 0o600);
  writeSync(file, `${JSON.stringify(state, null, 2)}\n`);
  fsyncSync(file);
  closeSync(file);
  renameSync(unfinished, fileOf(dataDir));
}
