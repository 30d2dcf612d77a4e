// The load: a process of its own, so that no contestant shares its thread with whoever measures it. One order a message.
import { randomUUID } from 'node:crypto';
import { type Dispatcher, Pool } from 'undici';
import { median, percentile } from '../harness/rounds.js';

/** One round: to whom, for how long, over how many connections. */
export interface Order {
  readonly origin: string;
  readonly path: string;
  readonly authorization: string;
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
}

/** What came of it. Refusals and failures are told, and count for nothing. */
export interface Outcome {
  readonly accepted: number;
  readonly others: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  /** Seconds of processor of the client itself. */
  readonly cpu: number;
}

const pools = new Map<string, Pool>();

function poolOf({ origin, connections }: Order): Pool {
  const known = pools.get(origin);
  if (known) return known;
  // Idle connections outlive the turns of the others.
  const pool = new Pool(origin, { connections, pipelining: 1, keepAliveTimeout: 60_000 });
  pools.set(origin, pool);
  return pool;
}

/** One request; its status, 0 where there was no answer. Below `request()`: a stream for each body costs more than the rest. */
function post(pool: Pool, { path, authorization, body }: Order): Promise<number> {
  return new Promise((resolve) => {
    let status = 0;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, statusCode) => {
        status = statusCode;
      },
      onResponseData: () => undefined,
      onResponseEnd: () => resolve(status),
      onResponseError: () => resolve(0),
    };
    const headers = { authorization, 'content-type': 'application/json', 'idempotency-key': randomUUID() };
    pool.dispatch({ path, method: 'POST', headers, body }, handler);
  });
}

async function fulfil(order: Order): Promise<Outcome> {
  const pool = poolOf(order);
  const waits: number[] = [];
  let others = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  const end = start + order.seconds * 1000;
  const one = async (): Promise<void> => {
    for (let sent = performance.now(); sent < end; sent = performance.now()) {
      if ((await post(pool, order)) === 202) waits.push(performance.now() - sent);
      else others += 1;
    }
  };
  await Promise.all(Array.from({ length: order.connections }, one));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    accepted: waits.length,
    others,
    seconds,
    p50: median(waits),
    p99: percentile(waits, 99),
    cpu: (user + system) / 1e6,
  };
}

process.on('message', (order: Order) => {
  void fulfil(order).then((outcome) => process.send?.(outcome));
});
