import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { objectStoreConformance } from '../testing/object-store-conformance.js';
import { localDiskObjectStore } from './local-disk.js';

describe('local disk as an object store', () => {
  let folder: string;
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'darkroom-objects-'))));
  afterAll(async () => rm(folder, { recursive: true }));

  it.each(objectStoreConformance)('$name', async ({ run }) =>
    run(localDiskObjectStore(join(folder, 'not', 'there yet'))),
  );
});

describe('local disk', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'darkroom-objects-'))));
  afterEach(async () => rm(folder, { recursive: true }));
  const body = Buffer.from('an image');
  const object = {
    key: 'a/one.png',
    body,
    bytes: body.length,
    sha256: createHash('sha256').update(body).digest('hex'),
    contentType: 'image/png',
  };
  const half = join('temporary~', 'half');

  it('leaves no temporary file behind, whatever the outcome', async () => {
    const store = localDiskObjectStore(folder);
    await store.put(object);
    await store.put(object);
    await expect(store.put({ ...object, sha256: '0'.repeat(64) })).rejects.toThrow('sha256');
    expect(await readdir(join(folder, 'temporary~'))).toEqual([]);
  });

  it('sweeps what a killed process left behind, and not what is being written', async () => {
    await localDiskObjectStore(folder).put(object);
    await writeFile(join(folder, `${half}-old`), 'x');
    await writeFile(join(folder, `${half}-new`), 'x');
    await utimes(join(folder, `${half}-old`), 1_000, 1_000);
    await localDiskObjectStore(folder).put({ ...object, key: 'two' });
    expect(await readdir(join(folder, 'temporary~'))).toEqual(['half-new']);
  });

  it('begins a file with the bytes themselves, and is read by another process', async () => {
    await localDiskObjectStore(folder).put(object);
    const file = await readFile(join(folder, 'a~', 'one.png'));
    expect(file.subarray(0, body.length).equals(body)).toBe(true);
    expect((await localDiskObjectStore(folder).head('a/one.png'))?.sha256).toBe(object.sha256);
  });

  it('says so when a file was cut', async () => {
    const store = localDiskObjectStore(folder);
    await store.put(object);
    await truncate(join(folder, 'a~', 'one.png'), 515);
    await expect(store.head('a/one.png')).rejects.toMatchObject({ code: 'damaged' });
    await expect(store.get('a/one.png')).rejects.toMatchObject({ code: 'damaged' });
  });

  it('is unavailable, and not broken, where it cannot write', async () => {
    await writeFile(join(folder, 'file'), '');
    const store = localDiskObjectStore(join(folder, 'file'));
    await expect(store.put(object)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await store.head(object.key)).toBeNull();
  });
});
