import { randomUUID } from 'node:crypto';
import { openDatabase } from '@darkroom/event-store';
import { type WorkTable, workTable, workTableMigrations } from '@darkroom/work-table';
import { startCluster } from './harness/cluster.js';
import { inTurns, ratio } from './harness/rounds.js';
import type { Report } from './harness/report.js';

const roundSeconds = Number(process.env['BENCH_SECONDS'] ?? 20);

const account = 'busy';
const slots = 64;

/**
 * Wakes, claims, moves and ends jobs, as fast as it goes, for a while; with `throughSlots` each waits for a slot of one account as
 * well. @returns ended jobs a second
 */
async function work(table: WorkTable, seconds: number, throughSlots: boolean): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let done = 0;
  const wake = async (): Promise<void> => {
    while (performance.now() < end)
      await table.wakeMany(
        Array.from({ length: 25 }, () => ({ generation: randomUUID(), tenant: 'acme', version: 1 })),
      );
  };
  const ended = {
    phase: 'x',
    foldedVersion: 2,
    nextActionAt: null,
    release: true,
    holdsSlot: false,
    account: null,
  };
  const serve = async (holder: string): Promise<void> => {
    const claim = { holder, limit: 16, leaseSeconds: 10 } as const;
    while (performance.now() < end) {
      const timed = await table.claimDue({ kind: 'timed', ...claim });
      await Promise.all(
        timed.map(async (job) => {
          const move = { phase: 'x', foldedVersion: 2, nextActionAt: new Date(), release: false };
          await table.apply(job, move);
          if (throughSlots) await table.apply(job, { ...ended, account, ready: true });
          else await table.apply(job, ended);
          if (!throughSlots) done += 1;
        }),
      );
      if (throughSlots) {
        const ready = await table.claimDue({ kind: 'ready', account, slots, ...claim });
        await Promise.all(ready.map((job) => table.apply(job, ended)));
        done += ready.length;
      }
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
    const held = (throughSlots: boolean) => async (): Promise<number> =>
      holder.begin('isolation level repeatable read', async (tx) => {
        await tx`select count(*) from gateway.jobs`;
        return work(table, roundSeconds, throughSlots);
      });
    const standings = await inTurns(
      [
        { name: 'free', run: () => work(table, roundSeconds, false) },
        { name: 'snapshot held', run: held(false) },
        { name: 'free, through slots', run: () => work(table, roundSeconds, true) },
        { name: 'snapshot held, through slots', run: held(true) },
      ],
      5,
    );
    const share = ratio(standings, 'snapshot held', 'free');
    const throughSlots = ratio(standings, 'snapshot held, through slots', 'free, through slots');
    return {
      name: 'held-snapshot',
      what: `jobs a second through the work table, with a snapshot held elsewhere for ${roundSeconds} s and without`,
      table: standings.map(({ name, median: jobs, rounds }) => ({
        contestant: name,
        'jobs/s': jobs,
        rounds: rounds.map((n) => n.toFixed(0)).join(' '),
      })),
      goals: [
        { what: 'held over free', goal: '>= 0.95', value: share, met: share >= 0.95 },
        {
          what: 'held over free, through slots',
          goal: '>= 0.95',
          value: throughSlots,
          met: throughSlots >= 0.95,
        },
      ],
      raw: standings,
    };
  } finally {
    await table.stop();
    await Promise.all([sql.end(), holder.end()]);
    await cluster.stop();
  }
}
