import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ByteRange, ObjectStore, PutObject } from '../object-store/object-store.js';

/** One property of an object store; `run` rejects where an adapter breaks it. Keys differ between the cases. */
export interface ObjectStoreConformanceCase {
  readonly name: string;
  readonly run: (store: ObjectStore) => Promise<void>;
}

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const objectOf = (key: string, bytes: Buffer, more: Partial<PutObject> = {}): PutObject => ({
  key,
  body: bytes,
  bytes: bytes.length,
  sha256: sha256Of(bytes),
  contentType: 'image/png',
  ...more,
});
const noise = (length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, index) => index * 31 + (index >> 8) + length));

async function read(store: ObjectStore, key: string, range?: ByteRange): Promise<Buffer | null> {
  const stream = await store.get(key, range);
  return stream && buffer(stream);
}

async function holds(store: ObjectStore, key: string, bytes: Buffer, range?: ByteRange): Promise<void> {
  const found = await read(store, key, range);
  assert.ok(found?.equals(bytes), `${key} holds other bytes`);
}

const badKeys = [
  '',
  '/a',
  'a/',
  'a//b',
  '.',
  '..',
  'a/../b',
  '../../etc/passwd',
  'a b',
  'a\\b',
  'a\0b',
  'ä',
  'a~',
  'a'.repeat(201),
  `${'a/'.repeat(600)}a`,
];

/** What every object store must do. Framework-free: a test file names the adapter and runs each case. */
export const objectStoreConformance: readonly ObjectStoreConformanceCase[] = [
  {
    name: 'gives back what was put, and tells its facts',
    async run(store) {
      const bytes = noise(300_000);
      assert.equal(await store.put(objectOf('a/b/c-1_2=3.png', bytes)), 'stored');
      assert.deepEqual(await store.head('a/b/c-1_2=3.png'), {
        bytes: bytes.length,
        sha256: sha256Of(bytes),
        contentType: 'image/png',
      });
      await holds(store, 'a/b/c-1_2=3.png', bytes);
    },
  },
  {
    name: 'takes a stream',
    async run(store) {
      const bytes = noise(200_000);
      const body = Readable.from([bytes.subarray(0, 7), bytes.subarray(7, 90_000), bytes.subarray(90_000)]);
      assert.equal(await store.put(objectOf('streamed', bytes, { body })), 'stored');
      await holds(store, 'streamed', bytes);
    },
  },
  {
    name: 'takes an object of no bytes',
    async run(store) {
      assert.equal(await store.put(objectOf('empty', Buffer.alloc(0))), 'stored');
      assert.equal((await store.head('empty'))?.bytes, 0);
      await holds(store, 'empty', Buffer.alloc(0));
    },
  },
  {
    name: 'gives ranges, cut to the object',
    async run(store) {
      const bytes = noise(1_000);
      await store.put(objectOf('ranged', bytes));
      await holds(store, 'ranged', bytes.subarray(0, 1), { start: 0, end: 0 });
      await holds(store, 'ranged', bytes.subarray(10, 20), { start: 10, end: 19 });
      await holds(store, 'ranged', bytes.subarray(990), { start: 990 });
      await holds(store, 'ranged', bytes.subarray(990), { start: 990, end: 5_000 });
      await holds(store, 'ranged', Buffer.alloc(0), { start: 1_000 });
    },
  },
  {
    name: 'knows of what is not there',
    async run(store) {
      assert.equal(await store.head('missing/one'), null);
      assert.equal(await store.get('missing/one'), null);
      await store.delete('missing/one');
    },
  },
  {
    name: 'never overwrites',
    async run(store) {
      const first = noise(100);
      await store.put(objectOf('once', first));
      assert.equal(await store.put(objectOf('once', noise(200))), 'exists');
      assert.equal(await store.put(objectOf('once', first)), 'exists');
      await holds(store, 'once', first);
    },
  },
  {
    name: 'lets one of many writers of a key win, and shows nobody half of it',
    async run(store) {
      const contents = Array.from({ length: 8 }, (_, index) => noise(50_000 + index));
      const seen = new Set<number>();
      const writing = new AbortController();
      const watcher = (async () => {
        while (!writing.signal.aborted) {
          const bytes = await read(store, 'contended/key');
          if (bytes) seen.add(contents.findIndex((content) => content.equals(bytes)));
        }
      })();
      const outcomes = await Promise.all(
        contents.map(async (bytes) => store.put(objectOf('contended/key', bytes))),
      );
      writing.abort();
      await watcher;
      assert.equal(outcomes.filter((outcome) => outcome === 'stored').length, 1);
      assert.ok(seen.size <= 1 && !seen.has(-1), `seen: ${[...seen].join()}`);
    },
  },
  {
    name: 'refuses bytes that are not what was announced, and keeps nothing of them',
    async run(store) {
      const bytes = noise(100);
      const body = (): Readable => Readable.from([bytes]);
      const sha256 = sha256Of(noise(99));
      const mismatch = { code: 'checksum_mismatch' };
      await assert.rejects(store.put(objectOf('bad', bytes, { sha256 })), mismatch);
      await assert.rejects(store.put(objectOf('bad', bytes, { body: body(), sha256 })), mismatch);
      for (const announced of [99, 101]) {
        const put = store.put(objectOf('bad', bytes, { body: body(), bytes: announced }));
        await assert.rejects(put, { code: 'size_mismatch' });
      }
      assert.equal(await store.head('bad'), null);
    },
  },
  {
    name: 'keeps nothing of a stream that breaks, and passes its error on',
    async run(store) {
      const broken = new Error('the sender vanished');
      async function* half(): AsyncGenerator<Buffer> {
        yield noise(1_000);
        await Promise.resolve();
        throw broken;
      }
      const put = store.put(objectOf('half', noise(2_000), { body: Readable.from(half()) }));
      await assert.rejects(put, (error) => error === broken);
      assert.equal(await store.head('half'), null);
    },
  },
  {
    name: 'forgets what was deleted; its key may be written again',
    async run(store) {
      await store.put(objectOf('brief', noise(10)));
      await store.delete('brief');
      assert.equal(await store.head('brief'), null);
      assert.equal(await store.put(objectOf('brief', noise(20))), 'stored');
    },
  },
  {
    name: 'lists what is below a folder, whatever else begins like it',
    async run(store) {
      const below = async (folder: string): Promise<string[]> => {
        const keys: string[] = [];
        for await (const key of store.list(folder)) keys.push(key);
        return keys.toSorted();
      };
      const wanted = ['shelf/a/1.png', 'shelf/a/2', 'shelf/a/2/deep'];
      for (const key of [...wanted, 'shelf/a', 'shelf/ab/3', 'shelf/b'])
        await store.put(objectOf(key, noise(3)));
      assert.deepEqual(await below('shelf/a'), wanted);
      assert.deepEqual(await below('shelf/none'), []);
      await store.delete('shelf/a/2');
      assert.deepEqual(await below('shelf/a'), ['shelf/a/1.png', 'shelf/a/2/deep']);
    },
  },
  {
    name: 'keeps keys apart of which one is the beginning of the other',
    async run(store) {
      await store.put(objectOf('tree', noise(1)));
      await store.put(objectOf('tree/leaf', noise(2)));
      assert.equal((await store.head('tree'))?.bytes, 1);
      assert.equal((await store.head('tree/leaf'))?.bytes, 2);
    },
  },
  ...badKeys.map((key) => ({
    name: `refuses the key ${JSON.stringify(key.slice(0, 30))}`,
    async run(store: ObjectStore) {
      const refused = { code: 'invalid_key' };
      await assert.rejects(store.put(objectOf(key, noise(1))), refused);
      await assert.rejects(store.head(key), refused);
      await assert.rejects(store.get(key), refused);
      await assert.rejects(store.delete(key), refused);
      await assert.rejects(async () => {
        for await (const found of store.list(key)) assert.fail(found);
      }, refused);
    },
  })),
];
