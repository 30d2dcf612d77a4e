import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@darkroom/embedded-postgres';
import { startServerProcess } from '@darkroom/infra';

const command = 'apt-get install -y --no-install-recommends redis-server';

/** A Redis of the benchmark's own on loopback, in a folder that goes with it; it does not outlive this process. */
export async function startRedis(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  ensureRedis();
  const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-bench-redis-'));
  const port = await freePort();
  const server = await startServerProcess({
    name: 'redis',
    program: 'redis-server',
    args: ['--bind', '127.0.0.1', '--port', String(port), '--dir', dataDir, '--save', ''],
    ready: /Ready to accept connections/,
    temporary: dataDir,
  });
  return { url: `redis://127.0.0.1:${port}`, stop: () => server.stop() };
}

const isThere = (): boolean => spawnSync('redis-server', ['--version']).status === 0;

/** @throws Error one line that says what to install */
function ensureRedis(): void {
  if (isThere()) return;
  if (process.getuid?.() !== 0) throw new Error(`the benchmark needs redis-server; as root: ${command}`);
  process.stderr.write('installing redis-server …\n');
  withoutServices(() => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const run = (line: string) => spawnSync('sh', ['-c', line], { env, stdio: 'ignore' });
    if (run(command).status !== 0) run(`apt-get update && ${command}`);
  });
  if (!isThere()) throw new Error(`redis-server could not be installed; the command was: ${command}`);
}

/** Debian's package would start a server where somebody else's listens: its policy is told that nothing is to start. */
function withoutServices(run: () => void): void {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return run();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    run();
  } finally {
    rmSync(policy, { force: true });
  }
}
