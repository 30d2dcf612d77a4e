import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { openDatabase } from '@darkroom/event-store';
import { hashApiKey } from '@darkroom/platform';
import { startCluster } from './harness/cluster.js';
import { Product } from './harness/product.js';
import { median, percentile } from './harness/rounds.js';
import type { Report } from './harness/report.js';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
const seconds = Number(process.env['BENCH_SECONDS'] ?? 40);
const slots = 20;
/** Of two seconds each there are ten a second: a machine that draws no more pictures than that would be what they wait for. */
const jobSeconds = Number(process.env['BENCH_JOB_SECONDS'] ?? 2);
const job = [0.5 * jobSeconds, 1.5 * jobSeconds];
const others = Array.from({ length: 9 }, (_, nth) => `tenant-${nth + 1}`);
/** Jobs a second, of each of the ten that share the account. */
const share = slots / jobSeconds / (others.length + 1);
/**
 * What each of the others asks for, of its share. The greedy tenant has its own tenth all the time: nearer to nine tenths of the account they
 * wait for each other, whoever else there is.
 */
const load = Number(process.env['BENCH_LOAD'] ?? 0.7);
const greed = 50;

/** A tenant's key. */
async function tenant(databaseUrl: string, id: string): Promise<string> {
  const key = `dk_test_${randomBytes(12).toString('hex')}`;
  const sql = openDatabase(databaseUrl, { max: 1 });
  await sql`insert into intake.tenants (id, title, default_route) values (${id}, ${id}, '{sim/standard}')`;
  await sql`
    insert into intake.api_keys (id, tenant, hash, label)
    values (${randomUUID()}, ${id}, ${Buffer.from(hashApiKey(key), 'hex')}, 'bench')`;
  await sql.end();
  return key;
}

async function limit(product: Product): Promise<void> {
  const send = (method: string, path: string, body?: object): Promise<Response> =>
    fetch(`${product.ready.control_plane}${path}`, {
      method,
      headers: { authorization: `Bearer ${product.ready.operator_key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const answer = await send('PATCH', '/ops/v1/providers/sim', {
    reason: 'a benchmark',
    expected_version: 1,
    limits: { concurrent: slots },
  });
  if (!answer.ok) throw new Error(`limits: ${answer.status} ${await answer.text()}`);
}

/** Each of the others asks for its part for so long. @returns milliseconds from each POST to the vendor's call */
async function waits(product: Product, keys: readonly string[], label: string): Promise<number[]> {
  const sent = new Map<string, number>();
  const each = Math.round(seconds * share * load);
  await Promise.all(
    keys.map(async (key, who) => {
      for (let nth = 0; nth < each; nth += 1) {
        const prompt = `${label} ${who} ${nth}`;
        await pause((1_000 / (share * load)) * (0.5 + Math.random()));
        sent.set(prompt, Date.now());
        await product.create(randomUUID(), { prompt, size: '64x64' }, key);
      }
    }),
  );
  // What was asked for last is on its way still.
  for (let waited = 0; waited < 60; waited += 1) {
    const arrivals = await product.arrivals();
    if ([...sent.keys()].every((prompt) => arrivals.has(prompt)))
      return [...sent].map(([prompt, at]) => (arrivals.get(prompt) ?? NaN) - at);
    await pause(1_000);
  }
  throw new Error('some were never submitted');
}

interface Round {
  readonly alone: number;
  readonly beside: number;
  readonly ratio: number;
}

async function round(): Promise<Round> {
  const cluster = await startCluster([]);
  const url = cluster.superuserUrl;
  const product = await Product.start('one process', { DATABASE_URL: url, DATABASE_OWNER_URL: url });
  try {
    await product.setFaults({ job: { seconds: job }, webhook: { send: 1 } });
    await limit(product);
    const keys: string[] = [];
    for (const id of others) keys.push(await tenant(url, id));
    const greedy = await tenant(url, 'greedy');
    await waits(product, keys, 'warm-up');
    const alone = percentile(await waits(product, keys, 'alone'), 95);
    // All that it would ask for in that time, at once; with many keys or one, it is one tenant.
    let nth = 0;
    const all = greed * share * seconds;
    await Promise.all(
      Array.from({ length: 32 }, async () => {
        while (nth < all) {
          nth += 1;
          await product.create(randomUUID(), { prompt: `greedy ${nth}`, size: '64x64' }, greedy);
        }
      }),
    );
    const beside = percentile(await waits(product, keys, 'beside'), 95);
    const left =
      all - [...(await product.arrivals()).keys()].filter((prompt) => prompt.startsWith('greedy')).length;
    if (left <= 0) throw new Error('the greedy tenant had nothing waiting at the end');
    return { alone, beside, ratio: beside / alone };
  } finally {
    await product.stop();
    await cluster.stop();
  }
}

/** What nine tenants wait for a slot by themselves, and beside one that asks for fifty times its share. */
export async function run(): Promise<Report> {
  const told: Round[] = [];
  for (let nth = 0; nth < rounds; nth += 1) told.push(await round());
  const middle = median(told.map(({ ratio }) => ratio));
  return {
    name: 'fairness',
    what: `nine tenants at ${load * 100} % of their share of ${slots} slots, alone and beside one at ${greed} times its own`,
    table: told.map(({ alone, beside, ratio }, nth) => ({
      round: `${nth + 1}`,
      'p95 wait alone, ms': alone,
      'beside it, ms': beside,
      ratio,
    })),
    goals: [
      { what: 'p95 wait beside it / alone, median of rounds', goal: '<= 2', value: middle, met: middle <= 2 },
    ],
    raw: told,
  };
}
