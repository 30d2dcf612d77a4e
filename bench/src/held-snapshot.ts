import { randomUUID } from 'node:crypto';
import { openDatabase } from '@darkroom/event-store';
import { type WorkTable, workTable, workTableMigrations } from '@darkroom/work-table';
import { startCluster } from './harness/cluster.js';
import { inTurns, ratio } from './harness/rounds.js';
import type { Report } from './harness/report.js';

const roundSeconds = Number(process.env['BENCH_SECONDS'] ?? 20);

/** Wakes, claims, moves twice and ends jobs, as fast as it goes, for a while. @returns ended jobs a second */
async function work(table: WorkTable, seconds: number): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let done = 0;
  const wake = async (): Promise<void> => {
    while (performance.now() < end)
      await table.wakeMany(
        Array.from({ length: 25 }, () => ({ generation: randomUUID(), tenant: 'acme', version: 1 })),
      );
  };
  const serve = async (holder: string): Promise<void> => {
    while (performance.now() < end) {
      const claims = await table.claimDue({ kind: 'timed', holder, limit: 16, leaseSeconds: 10 });
      await Promise.all(
        claims.map(async (claim) => {
          const move = { phase: 'x', foldedVersion: 2, nextActionAt: new Date(), release: false };
          await table.apply(claim, move);
          await table.apply(claim, { ...move, nextActionAt: null, release: true });
          done += 1;
        }),
      );
      await table.msUntilDue(250);
    }
  };
  await Promise.all([wake(), serve('a'), serve('b')]);
  return done / seconds;
}

/** What a transaction that is held open elsewhere costs the work table: dead rows cannot be removed while it lasts. */
export async function run(): Promise<Report> {
  const cluster = await startCluster([workTableMigrations('gateway')]);
  const sql = openDatabase(cluster.postgres.url, { max: 12 });
  const holder = openDatabase(cluster.postgres.url, {
    max: 1,
    idleInTransactionTimeoutMs: 0,
    statementTimeoutMs: 0,
  });
  const table = workTable(sql, { schema: 'gateway' });
  try {
    const held = async (): Promise<number> =>
      holder.begin('isolation level repeatable read', async (tx) => {
        await tx`select count(*) from gateway.jobs`;
        return work(table, roundSeconds);
      });
    const standings = await inTurns(
      [
        { name: 'free', run: () => work(table, roundSeconds) },
        { name: 'snapshot held', run: held },
      ],
      5,
    );
    const share = ratio(standings, 'snapshot held', 'free');
    return {
      name: 'held-snapshot',
      what: `jobs a second through the work table, with a snapshot held elsewhere for ${roundSeconds} s and without`,
      table: standings.map(({ name, median: jobs, rounds }) => ({
        contestant: name,
        'jobs/s': jobs,
        rounds: rounds.map((n) => n.toFixed(0)).join(' '),
      })),
      goals: [{ what: 'held over free', goal: '>= 0.95', value: share, met: share >= 0.95 }],
      raw: standings,
    };
  } finally {
    await table.stop();
    await Promise.all([sql.end(), holder.end()]);
    await cluster.stop();
  }
}
