// Mends the Postgres driver after an install: see docs/decisions/0003-dependencies.md. Gone as soon as a release has it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const file = join(import.meta.dirname, '..', 'node_modules', 'postgres', 'src', 'connection.js');

/** As it stands in 3.4.9, and as it should. What buffers a write is forgotten with the socket that it was meant for. */
const mends = [
  [
    `  function nextWrite(fn) {
    const x = socket.write(chunk, fn)
    nextWriteTimer !== null && clearImmediate(nextWriteTimer)
    chunk = nextWriteTimer = null
    return x
  }`,
    `  function nextWrite(fn) {
    const x = chunk
    nextWriteTimer !== null && clearImmediate(nextWriteTimer)
    chunk = nextWriteTimer = null
    if (socket === null) {
      error(Errors.connection('CONNECTION_CLOSED', options, socket))
      return false
    }
    return socket.write(x, fn)
  }`,
  ],
  [
    `    clearImmediate(nextWriteTimer)
    if (socket) {`,
    `    clearImmediate(nextWriteTimer)
    chunk = nextWriteTimer = null
    if (socket) {`,
  ],
  [
    `    clearImmediate(nextWriteTimer)
    socket.removeListener('data', data)`,
    `    clearImmediate(nextWriteTimer)
    chunk = nextWriteTimer = null
    socket.removeListener('data', data)`,
  ],
];

/** Idempotent. @throws Error where the driver is not the one that this was written for */
export function mendDriver() {
  const before = readFileSync(file, 'utf8');
  let text = before;
  for (const [broken, whole] of mends) {
    if (text.includes(whole)) continue;
    if (!text.includes(broken))
      throw new Error(`${file} is not that of postgres 3.4.9: look at scripts/mend-driver.mjs`);
    text = text.replace(broken, () => whole);
  }
  if (text !== before) writeFileSync(file, text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) mendDriver();
