import { openDatabase } from '@darkroom/event-store';
import { burst, type Round } from './burst.js';
import { Product, type Shape } from './harness/product.js';
import { median, percentile } from './harness/rounds.js';
import type { Report } from './harness/report.js';
import { calledAfter, series } from './idle.js';

const generations = Number(process.env['BENCH_GENERATIONS'] ?? 3_000);
const requests = Number(process.env['BENCH_REQUESTS'] ?? 100);
const passes = Number(process.env['BENCH_ROUNDS'] ?? 2);
const shapes: readonly Shape[] = ['one process', 'a process each, Postgres log', 'a process each, Kafka'];

interface Told {
  readonly called: number[];
  readonly bursts: Round[];
}

/** One shape from its start to its stop: requests one by one, then all at once. */
async function pass(shape: Shape, told: Told): Promise<void> {
  const product = await Product.start(shape);
  const sql = openDatabase(product.ready.database_url, { max: 1 });
  try {
    await product.makeVendorInstant();
    await series(product, sql, 'warm-up', 30);
    const times = await series(product, sql, 'idle', requests);
    told.called.push(...calledAfter(times, await product.arrivals()));
    await burst(product, 200);
    told.bursts.push(await burst(product, generations));
  } finally {
    await sql.end();
    await product.stop();
  }
}

/** The same product in its three shapes, in turns: how soon the vendor is called on an idle one, and a burst end to end. */
export async function run(): Promise<Report> {
  const told = new Map(shapes.map((shape): [Shape, Told] => [shape, { called: [], bursts: [] }]));
  for (let n = 0; n < passes; n += 1)
    for (const [shape, its] of told) {
      process.stderr.write(`pass ${n + 1}: ${shape}\n`);
      await pass(shape, its);
    }
  const cpuOf = (bursts: readonly Round[]): [string, number][] =>
    [...new Set(bursts.flatMap(({ cpu }) => Object.keys(cpu)))].map((name) => [
      name,
      median(bursts.map(({ cpu }) => cpu[name] ?? 0)),
    ]);
  const onKafka = told.get('a process each, Kafka')?.called ?? [];
  const p50 = median(onKafka);
  return {
    name: 'shapes',
    what: `${requests} requests one by one and a burst of ${generations.toLocaleString('en')}, instant vendor, ${passes} passes in turns`,
    table: [...told].map(([shape, { called, bursts }]) => ({
      shape,
      'vendor called, p50 ms': median(called),
      'p99 ms': percentile(called, 99),
      'accepted/s': median(bursts.map(({ accepted }) => accepted)),
      'succeeded/s': median(bursts.map(({ perSecond }) => perSecond)),
      'CPU ms for one': cpuOf(bursts).reduce((sum, [, ms]) => sum + ms, 0),
    })),
    profile: [...told].map(([shape, { bursts }]) => {
      const parts = cpuOf(bursts).map(([name, ms]) => `${name} ${ms.toFixed(0)}`);
      return `${shape}, CPU ms for one generation of the burst: ${parts.join(', ')}`;
    }),
    goals: [{ what: 'on Kafka the vendor is called, p50 ms', goal: '<= 40', value: p50, met: p50 <= 40 }],
    raw: Object.fromEntries(told),
  };
}
