import { Queue as BullQueue, Worker } from 'bullmq';
import { z } from 'zod';
import { type Handle, type Queue, queueName } from './queue.js';

/** As its documentation has it for workers: commands wait for Redis instead of failing. */
const connectionTo = (url: string) => {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port), maxRetriesPerRequest: null };
};

export async function openBullQueue(url: string): Promise<Queue> {
  const queue = new BullQueue(queueName, {
    connection: connectionTo(url),
    defaultJobOptions: { attempts: 10, backoff: { type: 'exponential', delay: 1_000 } },
  });
  queue.on('error', (error) => process.stderr.write(`bullmq: ${error.message}\n`));
  await queue.waitUntilReady();
  return {
    async add(request) {
      await queue.add('picture', request, { jobId: `request-${request.id}` });
    },
    async unfinished() {
      const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized');
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    },
    async givenUp() {
      const failed = await queue.getFailed();
      return { count: failed.length, reasons: failed.slice(0, 5).map(({ failedReason }) => failedReason) };
    },
    stop: () => queue.close(),
  };
}

const dataSchema = z.object({ id: z.string(), prompt: z.string(), vendorJob: z.string().optional() });

/**
 * The worker, with the locks and the looks for stalled jobs that are its defaults (30 s each). A job may stall more often
 * than the default of once, which says to raise it where that is no rare thing: else jobs would be given up here.
 */
export async function workOnBullMq(url: string, concurrency: number, handle: Handle): Promise<void> {
  const worker = new Worker(
    queueName,
    async (job) => {
      const { vendorJob, ...request } = dataSchema.parse(job.data);
      await handle(request, { id: vendorJob, keep: (id) => job.updateData({ ...request, vendorJob: id }) });
    },
    { connection: connectionTo(url), concurrency, maxStalledCount: 10 },
  );
  worker.on('error', (error) => process.stderr.write(`bullmq: ${error.message}\n`));
  await worker.waitUntilReady();
}
