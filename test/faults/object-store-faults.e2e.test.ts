import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { localDiskObjectStore, type ObjectStore } from '@darkroom/platform';
import { z } from 'zod';
import { bodyOf } from './object-body.mjs';
import { inOwnMounts } from './own-mounts.js';

const kills = Number(process.env['OBJECT_STORE_KILLS'] ?? 200);
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'darkroom-objects-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Writes until it is killed, some milliseconds after it began. @returns what was acknowledged */
async function killedWriter(round: number): Promise<string[]> {
  const child = spawn(process.execPath, [script('write-objects.mjs'), folder, String(round)], {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const gone = once(child, 'close');
  await once(child.stdout, 'data');
  await delay(Math.random() * 120);
  child.kill('SIGKILL');
  await gone;
  // The last line may be cut: then nobody was told.
  return out
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => (line.startsWith('put ') ? [line.slice(4)] : []));
}

/** Every key that shows, each whole to the last byte. */
async function visible(store: ObjectStore, below: string): Promise<Set<string>> {
  const keys = new Set<string>();
  for await (const key of store.list(below)) {
    const wanted = bodyOf(key);
    const head = await store.head(key);
    const hash = createHash('sha256');
    for await (const chunk of (await store.get(key)) ?? []) hash.update(chunk as Buffer);
    expect({ key, head: head?.sha256, bytes: head?.bytes, body: hash.digest('hex') }).toEqual({
      key,
      head: wanted.sha256,
      bytes: wanted.body.length,
      body: wanted.sha256,
    });
    keys.add(key);
  }
  return keys;
}

it(
  `killed ${kills} times while it writes, a store shows no half object, has all that it acknowledged, and is swept`,
  async () => {
    const store = localDiskObjectStore(folder);
    let acknowledged = 0;
    for (let round = 0; round < kills; round += 2) {
      // Two at once, as two processes of one installation.
      const writers = await Promise.all([killedWriter(round), killedWriter(round + 1)]);
      for (const [index, keys] of writers.entries()) {
        const seen = await visible(store, `round-${round + index}`);
        expect(keys.filter((key) => !seen.has(key))).toEqual([]);
        // At most the one that was under way shows beside what was acknowledged.
        expect(seen.size - keys.length).toBeLessThanOrEqual(1);
        acknowledged += keys.length;
      }
    }
    const temporary = join(folder, 'temporary~');
    const halves = readdirSync(temporary);
    process.stderr.write(
      `${kills} kills: ${acknowledged} acknowledged, ${halves.length} left half written\n`,
    );
    expect(acknowledged).toBeGreaterThan(kills / 2);
    expect(halves.length).toBeGreaterThan(0);
    for (const half of halves) utimesSync(join(temporary, half), 1_000, 1_000);
    const after = localDiskObjectStore(folder);
    await after.put({
      key: 'after',
      body: Buffer.from(''),
      bytes: 0,
      sha256: createHash('sha256').digest('hex'),
      contentType: 'image/png',
    });
    expect(readdirSync(temporary)).toEqual([]);
  },
  (2 * kills + 200) * 1_000,
);

const filled = z.object({
  acknowledged: z.array(z.string()),
  refusals: z.array(z.unknown()),
  whenFull: z.array(z.string()),
  leftovers: z.array(z.string()),
  afterwards: z.array(z.unknown()),
  inTheEnd: z.array(z.string()),
});

it.each([
  ['bytes', 'size=2m', '300000'],
  ['files', 'size=20m,nr_inodes=20', '100'],
])(
  'on a disk without %s left a put is unavailable, nothing half is seen, and all is well once there is room',
  async (_, size, bytesEach) => {
    const [command, args] = inOwnMounts(
      [`mount -t tmpfs -o ${size} tmpfs ${folder}`],
      [process.execPath, script('fill-disk.mjs'), folder, bytesEach],
    );
    const { stdout } = await promisify(execFile)(command, args, {
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    const seen = filled.parse(JSON.parse(stdout));
    expect(seen.acknowledged.length).toBeGreaterThan(2);
    expect(seen.refusals).toEqual(
      Array.from({ length: 5 }, () => ({ name: 'ObjectStoreError', code: 'unavailable', cause: 'ENOSPC' })),
    );
    expect(seen.whenFull).toEqual(seen.acknowledged);
    expect(seen.leftovers).toEqual([]);
    expect(seen.afterwards).toEqual(['stored', 'exists']);
    expect(seen.inTheEnd).toEqual(
      [...seen.acknowledged, 'a/0/again'].filter((key) => key !== 'a/0/0').sort(),
    );
  },
);
