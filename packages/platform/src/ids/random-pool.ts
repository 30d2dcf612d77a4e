import { randomFillSync } from 'node:crypto';

const pool = Buffer.alloc(4_096);
let next = pool.length;

/**
 * Random bytes from the system's source, which is asked for many at once: asking for a few costs as much, for every request.
 * @param count at most 4,096
 */
export function pooledRandomBytes(count: number): Buffer {
  if (count > pool.length) throw new RangeError(`${count} random bytes at once`);
  if (next + count > pool.length) {
    randomFillSync(pool);
    next = 0;
  }
  next += count;
  const taken = Buffer.from(pool.subarray(next - count, next));
  // Handed out once, and kept nowhere.
  pool.fill(0, next - count, next);
  return taken;
}
