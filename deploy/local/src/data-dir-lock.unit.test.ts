import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DataDirInUse, lockDataDir } from './data-dir-lock.js';
import { ownIdentity, startTimeOf } from './process-identity.js';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'darkroom-lock-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

describe('lock of the data folder', () => {
  it('is refused in one line while its owner lives', () => {
    const lock = lockDataDir(dataDir);
    expect(() => lockDataDir(dataDir)).toThrow(DataDirInUse);
    expect(() => lockDataDir(dataDir)).toThrow(/^another Darkroom \(pid \d+\) is running on .*$/);
    lock.release();
    lockDataDir(dataDir).release();
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('of a process that is gone keeps nobody out', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
    const startedAt = startTimeOf(child.pid ?? 0);
    writeFileSync(join(dataDir, 'darkroom.lock'), JSON.stringify({ pid: child.pid, startedAt }));
    expect(() => lockDataDir(dataDir)).toThrow(DataDirInUse);
    child.kill('SIGKILL');
    await once(child, 'exit');
    lockDataDir(dataDir).release();
  });

  it('whose pid now belongs to a stranger keeps nobody out', () => {
    writeFileSync(
      join(dataDir, 'darkroom.lock'),
      JSON.stringify({ pid: process.pid, startedAt: 'another life' }),
    );
    lockDataDir(dataDir).release();
  });

  it('that was half written keeps nobody out', () => {
    writeFileSync(join(dataDir, 'darkroom.lock'), '{"pi');
    lockDataDir(dataDir).release();
  });

  it('taken over by another is not removed by its former owner', () => {
    const lock = lockDataDir(dataDir);
    writeFileSync(
      join(dataDir, 'darkroom.lock'),
      JSON.stringify({ ...ownIdentity(), startedAt: 'another life' }),
    );
    lock.release();
    expect(existsSync(join(dataDir, 'darkroom.lock'))).toBe(true);
  });
});
