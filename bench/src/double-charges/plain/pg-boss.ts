import { openDatabase } from '@darkroom/event-store';
import PgBoss from 'pg-boss';
import { z } from 'zod';
import type { PictureRequest } from '../load.js';
import { type Handle, type Queue, queueName } from './queue.js';

/**
 * Whose worker was killed is tried again when its time is over: the documentation says to set that to what a job takes at
 * most. Its default is 15 minutes, and maintenance looks every 2: shorter here, so that a run drains in minutes. With
 * a minute hardly a job comes back while workers are still killed, so that few are killed twice.
 */
const expireInSeconds = 60;
const maintenanceIntervalSeconds = 10;

/** The producer's pg-boss, in a process that is not killed: it also does the maintenance. */
export async function openPgBossQueue(url: string): Promise<Queue> {
  const boss = new PgBoss({ connectionString: url, maintenanceIntervalSeconds });
  boss.on('error', (error) => process.stderr.write(`pg-boss: ${error.message}\n`));
  await boss.start();
  await boss.createQueue(queueName, {
    name: queueName,
    // Enough that nobody is given up only for having been killed more often than the default of 2.
    retryLimit: 10,
    retryDelay: 1,
    retryBackoff: true,
    expireInSeconds,
  });
  const sql = openDatabase(url, { max: 1 });
  await sql`CREATE TABLE IF NOT EXISTS public.kept_ids (request text PRIMARY KEY, vendor_job text NOT NULL)`;
  return {
    async add(request) {
      await boss.send(queueName, request);
    },
    async unfinished() {
      const [row] = await sql<{ count: number }[]>`
        SELECT count(*)::int AS count FROM pgboss.job WHERE name = ${queueName} AND state < 'completed'`;
      return row?.count ?? 0;
    },
    async givenUp() {
      const rows = await sql<{ output: string }[]>`
        SELECT output::text AS output FROM pgboss.job WHERE name = ${queueName} AND state = 'failed'`;
      return { count: rows.length, reasons: rows.slice(0, 5).map(({ output }) => output) };
    },
    async stop() {
      await sql.end();
      await boss.stop({ graceful: false });
    },
  };
}

const requestSchema = z.object({ id: z.string(), prompt: z.string() });

/** The worker, one `work()` for each job at once, as its documentation has it for jobs that fail one by one. */
export async function workOnPgBoss(url: string, concurrency: number, handle: Handle): Promise<void> {
  const boss = new PgBoss({ connectionString: url, maintenanceIntervalSeconds });
  boss.on('error', (error) => process.stderr.write(`pg-boss: ${error.message}\n`));
  await boss.start();
  const sql = openDatabase(url, { max: 4 });
  for (let n = 0; n < concurrency; n += 1)
    await boss.work<PictureRequest>(queueName, { pollingIntervalSeconds: 0.5 }, async ([job]) => {
      const request = requestSchema.parse(job?.data);
      const [row] = await sql<{ id: string }[]>`
        SELECT vendor_job AS id FROM public.kept_ids WHERE request = ${request.id}`;
      await handle(request, {
        id: row?.id,
        keep: async (id) => {
          await sql`INSERT INTO public.kept_ids VALUES (${request.id}, ${id})`;
        },
      });
    });
}
