import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startKafka } from './kafka.js';
import { startS3 } from './s3.js';
import { startServerProcess } from './server-process.js';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const until = async (what: string, condition: () => boolean): Promise<void> => {
  const end = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not in time: ${what}`);
    await pause(20);
  }
};
const opens = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const [host, port] = address.split(':');
    const socket = connect({ host, port: Number(port) });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

it('a broker serves, dies when it is killed, and comes back on the same port with what it had', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-kafka-test-'));
  const first = await startKafka({ dataDir });
  expect(await opens(first.brokers)).toBe(true);
  await first.kill();
  expect(await opens(first.brokers)).toBe(false);
  const second = await startKafka({ dataDir });
  expect(second.brokers).toBe(first.brokers);
  await second.stop();
  expect(isAlive(second.pid)).toBe(false);
  rmSync(dataDir, { recursive: true });
});

it('an S3 server serves, and asks for a key', async () => {
  const s3 = await startS3();
  const answer = await fetch(`${s3.endpoint}/bucket`, { method: 'PUT' });
  expect(answer.status).toBe(403);
  await s3.stop();
  expect(isAlive(s3.pid)).toBe(false);
});

it('a server whose parent is killed ends with it, and what is temporary goes too', async () => {
  const script = `
    const { startServerProcess } = await import(${JSON.stringify(new URL('../../dist/run/server-process.js', import.meta.url).href)});
    const { mkdtempSync } = await import('node:fs');
    const temporary = mkdtempSync(${JSON.stringify(join(tmpdir(), 'darkroom-guard-'))});
    const server = await startServerProcess({
      name: 'sleeper', program: '/bin/sh', args: ['-c', 'echo ready; exec sleep 600'], ready: /ready/, temporary });
    process.stdout.write(JSON.stringify({ pid: server.pid, temporary }) + '\\n');
    setInterval(() => undefined, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const { pid, temporary } = JSON.parse(line.toString()) as { pid: number; temporary: string };
  expect([isAlive(pid), existsSync(temporary)]).toEqual([true, true]);
  parent.kill('SIGKILL');
  await until('the end of both', () => !isAlive(pid) && !existsSync(temporary));
});

it('a server that ends before it serves tells what it said', async () => {
  await expect(
    startServerProcess({
      name: 'broken',
      program: '/bin/sh',
      args: ['-c', 'echo no such disk >&2; exit 3'],
      ready: /never/,
    }),
  ).rejects.toMatchObject({ code: 'start_failed', message: 'broken did not start: it ended\nno such disk' });
  await expect(
    startServerProcess({
      name: 'mute',
      program: '/bin/sleep',
      args: ['60'],
      ready: /never/,
      readySeconds: 0.2,
    }),
  ).rejects.toThrow('mute did not start: it was not ready within 0.2 s');
});
