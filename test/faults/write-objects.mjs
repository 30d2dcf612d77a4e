// Puts objects one after another until it is killed, and says of each when it begins and when it is acknowledged.
import { writeSync } from 'node:fs';
import { Readable } from 'node:stream';
import { bodyOf } from './object-body.mjs';
import { localDiskObjectStore } from '../../packages/platform/dist/object-store/local-disk.js';

const [folder, round] = process.argv.slice(2);
const store = localDiskObjectStore(folder);
writeSync(1, 'ready\n');
for (let n = 0; ; n += 1) {
  const key = `round-${round}/${n % 7}/${n}`;
  const { body, sha256 } = bodyOf(key);
  const pieces = Array.from({ length: 8 }, (_, i) =>
    body.subarray((i * body.length) >> 3, ((i + 1) * body.length) >> 3),
  );
  await store.put({ key, body: Readable.from(pieces), bytes: body.length, sha256, contentType: 'image/png' });
  writeSync(1, `put ${key}\n`);
}
