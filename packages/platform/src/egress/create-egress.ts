import { Pool } from 'undici';
import { checkedConnector, systemResolve } from './checked-connector.js';
import { openDownload } from './download.js';
import type { Destination, Egress, EgressOptions, NotSent } from './egress.js';
import { errorText, notSentReason } from './failures.js';
import { callOnce } from './one-call.js';
import { prepareConnection } from './prepared-connection.js';
import { type Target, targetOf } from './target.js';

/** The egress module of one process: one connection pool per account and origin, no retries anywhere. */
export function createEgress(options: EgressOptions): Egress {
  const resolve = options.resolve ?? systemResolve;
  const pools = new Map<string, Pool>();
  const open = new Set<() => Promise<void>>();
  let stopped: Promise<void> | undefined;

  const poolOf = (target: Target, destination: Destination): Pool => {
    const connectTimeoutMs = destination.connectTimeoutMs ?? 5_000;
    const key = JSON.stringify([destination.account, target.url.origin, target.allowed, connectTimeoutMs]);
    const known = pools.get(key);
    if (known) return known;
    const pool = new Pool(target.url.origin, {
      connect: checkedConnector(target, connectTimeoutMs, resolve),
      connections: 256,
      pipelining: 1,
      keepAliveTimeout: options.keepAliveMs ?? 4_000,
    });
    pools.set(key, pool);
    return pool;
  };

  const check = (destination: Destination): Target | NotSent => {
    if (stopped) return { kind: 'not-sent', reason: 'closed', error: 'egress is stopped' };
    try {
      return targetOf(destination.url, destination, options.allow);
    } catch (error) {
      return { kind: 'not-sent', reason: notSentReason(error), error: errorText(error) };
    }
  };

  const prepare: Egress['prepare'] = async (destination) => {
    const target = check(destination);
    if ('kind' in target) return target;
    const connection = await prepareConnection(target, destination, resolve);
    if (connection.kind === 'not-sent') return connection;
    const close = async (): Promise<void> => {
      open.delete(close);
      await connection.close();
    };
    open.add(close);
    return { ...connection, close };
  };

  return {
    prepare,
    send: async (request) => {
      const target = check(request);
      if ('kind' in target) return target;
      if (!request.freshConnection) return callOnce(poolOf(target, request), target.url, request);
      const connection = await prepare(request);
      if (connection.kind === 'not-sent') return connection;
      try {
        return await connection.send(request);
      } finally {
        await connection.close();
      }
    },
    download: async (request) => openDownload(request, options.allow, resolve),
    stop: async () => {
      stopped ??= (async () => {
        await Promise.allSettled([...pools.values()].map(async (pool) => pool.close()));
        await Promise.allSettled([...open].map(async (close) => close()));
      })();
      await stopped;
    },
  };
}
