import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@darkroom/embedded-postgres';

/** The Postgres that all test files of one process share. */
export interface TestCluster {
  serviceUrl(database: string): string;
  apiUrl(database: string): string;
  ownerUrl(database: string): string;
  superuserUrl(database: string): string;
}

interface ClusterUrls {
  readonly url: string;
  readonly apiUrl: string;
  readonly ownerUrl: string;
  readonly superuserUrl: string;
}

/**
 * jest gives each test file its own modules and globals; what the core modules hold outlives it within a process. Only
 * plain data is kept there: nothing of a file that is over may run again.
 */
const kept = Symbol.for('darkroom.test-cluster');
const shelf = os as unknown as Record<symbol, Promise<ClusterUrls> | undefined>;

/** The process's cluster, started by the first who asks; its guard stops and removes it when the process is gone. */
export async function testCluster(): Promise<TestCluster> {
  shelf[kept] ??= start();
  const urls = await shelf[kept];
  const on = (url: string) => (database: string) =>
    Object.assign(new URL(url), { pathname: `/${database}` }).href;
  return {
    serviceUrl: on(urls.url),
    apiUrl: on(urls.apiUrl),
    ownerUrl: on(urls.ownerUrl),
    superuserUrl: on(urls.superuserUrl),
  };
}

async function start(): Promise<ClusterUrls> {
  const binaries = process.env['DARKROOM_TEST_POSTGRES'];
  const cluster = await startEmbeddedPostgres({
    dataDir: mkdtempSync(join(os.tmpdir(), 'darkroom-test-')),
    temporary: true,
    // What a crash of the machine would lose is of no interest to a test; a crash of Postgres loses nothing either way.
    settings: { fsync: 'off', full_page_writes: 'off', autovacuum_naptime: '1s', max_connections: '300' },
    ...(binaries === undefined ? {} : { binaries }),
  });
  return {
    url: cluster.url,
    apiUrl: cluster.apiUrl,
    ownerUrl: cluster.ownerUrl,
    superuserUrl: cluster.superuserUrl,
  };
}
