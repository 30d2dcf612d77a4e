// Fills the small disk that a folder is on, frees it again, and prints what the object store made of it.
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { localDiskObjectStore } from '../../packages/platform/dist/object-store/local-disk.js';

const [folder, bytesEach] = process.argv.slice(2);
const root = join(folder, 'objects');
const store = localDiskObjectStore(root);
const body = Buffer.alloc(Number(bytesEach), 'image');
const sha256 = createHash('sha256').update(body).digest('hex');
const put = async (key) => {
  const pieces = Array.from({ length: 4 }, (_, i) =>
    body.subarray((i * body.length) >> 2, ((i + 1) * body.length) >> 2),
  );
  try {
    return await store.put({
      key,
      body: Readable.from(pieces),
      bytes: body.length,
      sha256,
      contentType: 'image/png',
    });
  } catch (error) {
    return { name: error.name, code: error.code, cause: error.cause?.code };
  }
};
const wholeKeys = async () => {
  /** @type {string[]} */
  const keys = [];
  for await (const key of store.list('a')) {
    const hash = createHash('sha256');
    for await (const chunk of await store.get(key)) hash.update(chunk);
    if (hash.digest('hex') !== sha256 || (await store.head(key)).sha256 !== sha256)
      throw new Error(`${key} is not whole`);
    keys.push(key);
  }
  return keys.toSorted();
};

const acknowledged = [];
const refusals = [];
for (let n = 0; refusals.length < 5; n += 1) {
  const outcome = await put(`a/${n % 3}/${n}`);
  if (outcome === 'stored') acknowledged.push(`a/${n % 3}/${n}`);
  else refusals.push(outcome);
}
const whenFull = await wholeKeys();
const leftovers = readdirSync(join(root, 'temporary~'));
await store.delete(acknowledged[0]);
const afterwards = [await put('a/0/again'), await put(acknowledged[1])];
process.stdout.write(
  JSON.stringify({
    acknowledged: acknowledged.toSorted(),
    refusals,
    whenFull,
    leftovers,
    afterwards,
    inTheEnd: await wholeKeys(),
  }),
);
