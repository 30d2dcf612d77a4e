import { randomUUID } from 'node:crypto';
import { cpuTimes, usedBetween } from './harness/cpu-times.js';
import { Product } from './harness/product.js';
import { median } from './harness/rounds.js';
import type { Report } from './harness/report.js';
import { until } from './harness/until.js';

const generations = Number(process.env['BENCH_GENERATIONS'] ?? 1_000);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
const senders = 64;
/** Generations a second: at less the benchmark gives up. */
const slowest = 2;
/** Pictures of about 20 kB. */
const size = '1024x1024';

export interface Round {
  readonly accepted: number;
  readonly perSecond: number;
  readonly seconds: number;
  /** CPU milliseconds for one generation, by process, the most first. */
  readonly cpu: Readonly<Record<string, number>>;
}

/** Asks for all of them as fast as it goes, and waits for the last to succeed. */
export async function burst(product: Product, count: number): Promise<Round> {
  const before = (await product.counts())['succeeded'] ?? 0;
  const cpuBefore = cpuTimes(product.process.pid);
  const start = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: senders }, async () => {
      while (next < count) {
        const n = (next += 1);
        await product.create(randomUUID(), { prompt: `picture ${n}`, size, seed: n });
      }
    }),
  );
  const accepted = count / ((performance.now() - start) / 1000);
  await until('all succeeded', Math.max(300, count / slowest), async () => {
    const counts = await product.counts();
    if ((counts['failed'] ?? 0) > 0) throw new Error(`some failed: ${JSON.stringify(counts)}`);
    return (counts['succeeded'] ?? 0) >= before + count || undefined;
  });
  const seconds = (performance.now() - start) / 1000;
  const used = usedBetween(cpuBefore, cpuTimes(product.process.pid));
  const cpu = Object.fromEntries([...used].map(([name, spent]) => [name, (spent * 1_000) / count]));
  return { accepted, perSecond: count / seconds, seconds, cpu };
}

/** Generations from the first POST to the last picture that was downloaded, decoded, hashed and stored. */
export async function run(): Promise<Report> {
  const product = await Product.start();
  try {
    await product.makeVendorInstant();
    await burst(product, 200);
    const told: Round[] = [];
    for (let round = 0; round < rounds; round += 1) told.push(await burst(product, generations));
    const perSecond = median(told.map((round) => round.perSecond));
    const met = perSecond >= 300;
    const profile = met
      ? {}
      : { profile: await product.process.profiled(async () => burst(product, generations)) };
    return {
      name: 'burst',
      what: `${generations} generations end to end on the whole Darkroom, instant vendor, ${size} PNGs`,
      table: told.map((round, n) => ({
        round: `${n + 1}`,
        'accepted/s': round.accepted,
        'succeeded/s': round.perSecond,
        seconds: round.seconds,
      })),
      goals: [{ what: 'generations/s, median of rounds', goal: '>= 300', value: perSecond, met }],
      ...profile,
      raw: told,
    };
  } finally {
    await product.stop();
  }
}
