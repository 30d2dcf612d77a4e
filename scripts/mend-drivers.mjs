// Mends the drivers of Postgres and Kafka after an install: see docs/decisions/0003-dependencies.md. Gone as soon as a release has it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** As it stands in postgres 3.4.9, and as it should. What buffers a write is forgotten with the socket that it was meant for. */
const postgres = [
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

/**
 * The same of kafkajs 2.2.4, which has no successor. Without anything to send it set its next look a thousandth of a second ahead, for ever,
 * on every connection, one that is closed too: some hundredths of a core each.
 */
const kafkajs = [
  [
    `    let scheduleAt = this.throttledUntil - Date.now()
    if (!this.throttleCheckTimeoutId) {
      if (this.pending.length > 0) {
        scheduleAt = scheduleAt > 0 ? scheduleAt : CHECK_PENDING_REQUESTS_INTERVAL
      }
`,
    `    let scheduleAt = this.throttledUntil - Date.now()
    if (!this.throttleCheckTimeoutId && this.pending.length > 0) {
      scheduleAt = scheduleAt > 0 ? scheduleAt : CHECK_PENDING_REQUESTS_INTERVAL
`,
  ],
];

const drivers = [
  { of: 'postgres 3.4.9', file: 'postgres/src/connection.js', mends: postgres },
  { of: 'kafkajs 2.2.4', file: 'kafkajs/src/network/requestQueue/index.js', mends: kafkajs },
];

/** Idempotent. @throws Error where a driver is not the one that this was written for */
export function mendDrivers() {
  for (const { of, file, mends } of drivers) {
    const path = join(import.meta.dirname, '..', 'node_modules', file);
    const before = readFileSync(path, 'utf8');
    let text = before;
    for (const [broken, whole] of mends) {
      if (text.includes(whole)) continue;
      if (!text.includes(broken))
        throw new Error(`${path} is not that of ${of}: look at scripts/mend-drivers.mjs`);
      text = text.replace(broken, () => whole);
    }
    if (text !== before) writeFileSync(path, text);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) mendDrivers();
