import { type Cursor, origin } from '../cursor.js';
import type { Checkpoints } from '../event-store.js';

interface Entry {
  cursor: Cursor;
  holder: string | undefined;
  fencing: bigint;
  leaseUntil: number;
}

/** Checkpoints in memory, by the rules of those in the database. */
export function memoryCheckpoints(now: () => Date): Checkpoints {
  const entries = new Map<string, Entry>();
  const heldBy = (subscription: string, fencing: bigint): Entry | undefined => {
    const entry = entries.get(subscription);
    return entry?.fencing === fencing && entry.holder !== undefined ? entry : undefined;
  };
  return {
    async acquire(subscription, holder, ttlSeconds, startAt = origin) {
      const entry = entries.get(subscription) ?? {
        cursor: startAt,
        holder: undefined,
        fencing: 0n,
        leaseUntil: 0,
      };
      const free =
        entry.holder === undefined || entry.holder === holder || entry.leaseUntil <= now().getTime();
      if (!free) return null;
      entries.set(subscription, entry);
      entry.holder = holder;
      entry.fencing += 1n;
      entry.leaseUntil = now().getTime() + ttlSeconds * 1_000;
      return { fencing: entry.fencing, cursor: entry.cursor };
    },
    async renew(subscription, fencing, ttlSeconds) {
      const entry = heldBy(subscription, fencing);
      if (entry) entry.leaseUntil = now().getTime() + ttlSeconds * 1_000;
      return entry !== undefined;
    },
    async advance(subscription, fencing, cursor) {
      const entry = heldBy(subscription, fencing);
      if (!entry || cursor < entry.cursor) return false;
      entry.cursor = cursor;
      return true;
    },
    async release(subscription, fencing) {
      const entry = heldBy(subscription, fencing);
      if (entry) entry.holder = undefined;
    },
    async read(subscription) {
      return entries.get(subscription)?.cursor;
    },
  };
}
