import { setTimeout as pause } from 'node:timers/promises';
import { type Database, openDatabase } from '@darkroom/event-store';
import { Product } from './harness/product.js';
import { median, percentile } from './harness/rounds.js';
import type { Report } from './harness/report.js';
import { until } from './harness/until.js';

const requests = Number(process.env['BENCH_REQUESTS'] ?? 200);
const warmUp = 30;
/** Longer than the quick looks that follow any append: the next request finds everybody asleep. */
const restMs = { least: 60, most: 240 } as const;

export interface Times {
  readonly sent: number;
  readonly answered: number;
  readonly done: number;
  /** A commit of Postgres by itself, in the pause before. */
  readonly commit: number;
}

/** One generation on an idle system, to its end. */
async function one(product: Product, sql: Database, prompt: string): Promise<Times> {
  const before = performance.now();
  await sql`SELECT pg_logical_emit_message(true, 'bench', ${prompt})`;
  const commit = performance.now() - before;
  await pause(restMs.least + Math.random() * (restMs.most - restMs.least));
  const sent = Date.now();
  const start = performance.now();
  const id = await product.create(prompt, { prompt, size: '256x256' });
  const answered = performance.now() - start;
  await until(`the end of ${id}`, 30, async () => {
    const { status } = await product.get(id);
    if (status === 'failed' || status === 'canceled') throw new Error(`${id} ended as ${status}`);
    return status === 'succeeded' || undefined;
  });
  return { sent, answered, done: performance.now() - start, commit };
}

/** One after the other, by their prompts. */
export async function series(
  product: Product,
  sql: Database,
  label: string,
  count: number,
): Promise<Map<string, Times>> {
  const all = new Map<string, Times>();
  for (let n = 0; n < count; n += 1) {
    const prompt = `${label}-${n}`;
    all.set(prompt, await one(product, sql, prompt));
  }
  return all;
}

/** From each client's send to the vendor's call. The ledger tells whole milliseconds: taken as late as it may have been. */
export const calledAfter = (
  times: ReadonlyMap<string, Times>,
  arrivals: ReadonlyMap<string, number>,
): number[] => [...times].map(([prompt, { sent }]) => (arrivals.get(prompt) ?? Number.NaN) + 1 - sent);

const row = (what: string, values: readonly number[]): Record<string, string | number> => ({
  'from the client’s send to': what,
  'p50 ms': median(values),
  'p90 ms': percentile(values, 90),
  'p99 ms': percentile(values, 99),
  most: Math.max(...values),
});

/** One request at a time on the whole product, which has nothing else to do: how soon the vendor is called. */
export async function run(): Promise<Report> {
  const product = await Product.start();
  const sql = openDatabase(product.ready.database_url, { max: 1 });
  try {
    await sql`SELECT 1`;
    await product.makeVendorInstant();
    await series(product, sql, 'warm-up', warmUp);
    const times = await series(product, sql, 'idle', requests);
    const arrivals = await product.arrivals();
    const called = calledAfter(times, arrivals);
    const p50 = median(called);
    const p99 = percentile(called, 99);
    const goals = [
      { what: 'the vendor is called, p50 ms', goal: '<= 8', value: p50, met: p50 <= 8 },
      { what: 'the vendor is called, p99 ms', goal: '<= 25', value: p99, met: p99 <= 25 },
    ];
    const profile = goals.every(({ met }) => met)
      ? {}
      : { profile: await product.process.profiled(async () => series(product, sql, 'profiled', 40)) };
    const each = [...times.values()];
    return {
      name: 'idle',
      what: `${requests} requests one by one on an idle Darkroom, instant vendor`,
      table: [
        row(
          'its answer (202)',
          each.map(({ answered }) => answered),
        ),
        row('the vendor’s call', called),
        row(
          'succeeded, as a GET shows',
          each.map(({ done }) => done),
        ),
        row(
          '(a commit of Postgres alone)',
          each.map(({ commit }) => commit),
        ),
      ],
      goals,
      ...profile,
      raw: { called, each },
    };
  } finally {
    await sql.end();
    await product.stop();
  }
}
