import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster } from '../harness/cluster.js';
import { OwnProcess } from '../harness/own-process.js';
import { startRedis } from '../harness/redis.js';
import { until } from '../harness/until.js';
import type { Side } from './contest.js';
import type { Load } from './load.js';
import { openBullQueue } from './plain/bullmq.js';
import type { Order } from './plain/order.js';
import { openPgBossQueue } from './plain/pg-boss.js';
import type { Queue } from './plain/queue.js';
import type { Vendor } from './vendors.js';

/** A queue of a library, and a worker as its documentation has it. */
export async function plainSide(
  { queue: kind, keepsIds }: Pick<Order, 'queue' | 'keepsIds'>,
  vendor: Vendor,
  { concurrency, drainSeconds }: Load,
): Promise<Side> {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-bench-pictures-'));
  const server = kind === 'pg-boss' ? await postgres() : await startRedis();
  let queue: Queue | undefined;
  const stop = async (): Promise<void> => {
    await queue?.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const opened = (queue =
      kind === 'pg-boss' ? await openPgBossQueue(server.url) : await openBullQueue(server.url));
    const order: Order = {
      queue: kind,
      queueUrl: server.url,
      vendor: vendor.name,
      vendorUrl: vendor.url,
      concurrency,
      keepsIds,
      folder,
    };
    return {
      async startWorker() {
        const { process } = await OwnProcess.start({
          script: new URL('plain/worker.js', import.meta.url),
          args: [JSON.stringify(order)],
          ready: /(takes work)/,
        });
        return process;
      },
      ask: (request) => opened.add(request),
      async drained(all) {
        await until(
          'the queue is empty',
          drainSeconds,
          async () => (await opened.unfinished()) === 0 || undefined,
          1_000,
        );
        const { count, reasons } = await opened.givenUp();
        if (count > 0) process.stderr.write(`  ${count} given up: ${reasons.join('; ').slice(0, 500)}\n`);
        const there = new Set(readdirSync(folder));
        const answered = all.filter(({ id }) => there.has(id)).map(({ prompt }) => prompt);
        return { answered: new Set(answered), open: new Set() };
      },
      evidence: async () => undefined,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function postgres(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const cluster = await startCluster([]);
  return { url: cluster.superuserUrl, stop: () => cluster.stop() };
}
