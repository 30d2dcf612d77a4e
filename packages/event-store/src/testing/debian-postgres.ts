import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@darkroom/embedded-postgres';

/** Postgres 15 as Debian 12 ships it: the oldest that is supported, and the tools that operators have. */
export const debianBinaries = '/usr/lib/postgresql/15/bin';

/** A fresh cluster of Debian's Postgres; it is removed when it stops, and when this process is gone. */
export async function startDebianPostgres(): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({
    dataDir: mkdtempSync(join(tmpdir(), 'darkroom-debian-')),
    temporary: true,
    settings: { fsync: 'off', full_page_writes: 'off' },
    binaries: debianBinaries,
  });
}

const run = promisify(execFile);

/** Dumps a database as an operator does. @throws what pg_dump said */
export async function dump(url: string, file: string, ...options: readonly string[]): Promise<void> {
  await run(join(debianBinaries, 'pg_dump'), [...options, '--file', file, url]);
}

/** Restores a dump in the custom format into an empty database. @throws what pg_restore said */
export async function restore(url: string, file: string): Promise<void> {
  await run(join(debianBinaries, 'pg_restore'), ['--exit-on-error', '--dbname', url, file]);
}
