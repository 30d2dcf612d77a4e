import { createHash } from 'node:crypto';

/**
 * A number in [0, 1) that depends on nothing but its arguments. Each fault draws with its own name and key, so that the
 * decisions of one do not move when another is switched on, and a run can be repeated by its seed.
 */
export function draw(seed: number, name: string, key: string | number): number {
  return createHash('sha256').update(`${seed}\n${name}\n${key}`).digest().readUInt32BE(0) / 0x1_0000_0000;
}

/** Whether something of this probability happens. */
export function happens(probability: number, seed: number, name: string, key: string | number): boolean {
  return probability > 0 && draw(seed, name, key) < probability;
}

/** The status to answer with, if any: one draw over all the odds. */
export function drawStatus(
  odds: Readonly<Record<string, number>>,
  seed: number,
  name: string,
  key: string | number,
): number | undefined {
  const statuses = Object.keys(odds);
  if (statuses.length === 0) return undefined;
  let left = draw(seed, name, key);
  for (const status of statuses) {
    left -= odds[status] ?? 0;
    if (left < 0) return Number(status);
  }
  return undefined;
}
