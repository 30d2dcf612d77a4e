import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import type { Database } from '../database.js';

const channel = 'event_store_appended';

/** Hints that something was appended, from this process at once, from others by NOTIFY. Never relied on. */
export interface Hints {
  /** This process has appended: tells its own listeners, and the other processes at most once an interval. */
  appended(): void;
  onAppended(listener: () => void): () => void;
  stop(): Promise<void>;
}

/**
 * NOTIFY is sent after the commit, on its own, and throttled: inside every append it would serialise all commits (measured:
 * 8.0k to 1.9k appends a second).
 */
export function postgresHints(sql: Database, everyMs: number): Hints {
  const self = randomUUID();
  const listeners = new Set<() => void>();
  let lastSent = Number.NEGATIVE_INFINITY;
  let later: NodeJS.Timeout | undefined;
  let sending: Promise<void> = Promise.resolve();
  let listening: Listening | undefined;
  let stopped = false;

  const tellAll = (): void => {
    for (const listener of listeners) listener();
  };

  function send(): void {
    lastSent = performance.now();
    // A hint that is lost costs its readers one polling interval.
    sending = sql`SELECT pg_notify(${channel}, ${self})`.then(
      () => undefined,
      () => undefined,
    );
  }

  return {
    appended() {
      tellAll();
      if (stopped || later !== undefined) return;
      const wait = lastSent + everyMs - performance.now();
      if (wait <= 0) {
        send();
        return;
      }
      later = setTimeout(() => {
        later = undefined;
        send();
      }, wait);
    },
    onAppended(listener) {
      // An own function for each call: the same listener may be added twice.
      const entry = (): void => listener();
      listeners.add(entry);
      if (!stopped) listening ??= listen(sql, (sender) => sender !== self && tellAll(), tellAll);
      return () => listeners.delete(entry);
    },
    async stop() {
      stopped = true;
      listeners.clear();
      if (later !== undefined) {
        clearTimeout(later);
        later = undefined;
        send();
      }
      await sending;
      await listening?.stop();
    },
  };
}

interface Listening {
  stop(): Promise<void>;
}

/**
 * LISTEN on a connection of its own. The driver's own `listen` asks once after a loss and then stays silent for ever if the
 * server was not back yet; this one asks until it is.
 */
function listen(sql: Database, notified: (payload: string) => void, connected: () => void): Listening {
  let stopped = false;
  let retry: NodeJS.Timeout | undefined;
  const client = postgres({
    ...(sql.options as object),
    shared: { retries: 0, typeArrayMap: {} },
    max: 1,
    idle_timeout: null,
    max_lifetime: null,
    fetch_types: false,
    onclose: () => again(50),
    onnotify: (name: string, payload: string) => name === channel && notified(payload),
  } as unknown as postgres.Options<Record<string, never>>);

  function again(delayMs: number): void {
    if (stopped || retry !== undefined) return;
    retry = setTimeout(() => {
      retry = undefined;
      client.unsafe(`LISTEN ${channel}`).then(
        // What was sent while nobody listened is gone: look at once.
        () => stopped || connected(),
        () => again(500),
      );
    }, delayMs);
    retry.unref();
  }

  again(0);
  return {
    async stop() {
      stopped = true;
      clearTimeout(retry);
      await client.end({ timeout: 1 });
    },
  };
}
