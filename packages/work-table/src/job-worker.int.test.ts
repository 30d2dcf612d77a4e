import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import {
  type HeldJob,
  JobEnded,
  type JobWorker,
  type JobWorkerOptions,
  startJobWorker,
  type WorkTable,
  workTable,
  workTableMigrations,
} from './index.js';

let database: TestDatabase;
let table: WorkTable;
const workers: JobWorker[] = [];

beforeAll(async () => {
  database = await createTestDatabase({ migrations: [workTableMigrations('gateway')] });
  table = workTable(database.sql, { schema: 'gateway' });
});
beforeEach(() => database.sql`DELETE FROM gateway.jobs`);
afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.stop())));
afterAll(async () => {
  await table.stop();
  await database.drop();
});

async function until(condition: () => boolean, boundMs = 40_000): Promise<void> {
  const end = performance.now() + boundMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${boundMs} ms: ${condition.toString()}`);
    await pause(5);
  }
}

const complaints: string[] = [];
const note = (_: object, message: string): void => void complaints.push(message);

function start(options: Partial<JobWorkerOptions> & Pick<JobWorkerOptions, 'run'>): JobWorker {
  const worker = startJobWorker({
    work: table,
    name: 'test',
    concurrency: 4,
    leaseSeconds: 30,
    pollMs: 20,
    log: { warn: note, error: note },
    ...options,
  });
  workers.push(worker);
  return worker;
}

const wake = async (tenant = 'acme'): Promise<string> => {
  const generation = randomUUID();
  await table.wake({ generation, tenant, version: 1 });
  return generation;
};
const done = { phase: 'done', nextActionAt: null, foldedVersion: 1, release: true } as const;
const finish = ({ claim }: HeldJob): Promise<boolean> => table.apply(claim, done);
/** What a job that respects its signal rejects with. */
const ended = ({ signal }: HeldJob): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as JobEnded)));

it('runs what is due, side by side and no more than it may', async () => {
  let atOnce = 0;
  let most = 0;
  const seen = new Set<string>();
  const generations = await Promise.all(Array.from({ length: 20 }, () => wake()));
  start({
    concurrency: 3,
    run: async (job) => {
      most = Math.max(most, (atOnce += 1));
      await pause(5);
      seen.add(job.claim.generation);
      await finish(job);
      atOnce -= 1;
    },
  });
  await until(() => generations.every((generation) => seen.has(generation)));
  expect(most).toBe(3);
});

it('looks at once when poked', async () => {
  const seen: string[] = [];
  const worker = start({
    pollMs: 60_000,
    run: async (job) => {
      seen.push(job.claim.generation);
      await finish(job);
    },
  });
  const first = await wake();
  worker.poke();
  await until(() => seen.includes(first));
  const second = await wake();
  worker.poke();
  await until(() => seen.includes(second));
});

it('takes rows that wait for a slot of its accounts, and no more than there are', async () => {
  for (let n = 0; n < 5; n += 1) {
    await wake();
    const [claim] = await table.claimDue({ kind: 'timed', holder: 'x', limit: 1, leaseSeconds: 30 });
    if (claim) await table.apply(claim, { ...done, account: 'acc', ready: true });
  }
  let atOnce = 0;
  let most = 0;
  let finished = 0;
  start({
    accounts: async () => [{ id: 'acc', slots: 2 }],
    run: async (job) => {
      most = Math.max(most, (atOnce += 1));
      await pause(20);
      atOnce -= 1;
      await table.apply(job.claim, { ...done, holdsSlot: false });
      finished += 1;
    },
  });
  await until(() => finished === 5);
  expect(most).toBe(2);
});

it('keeps the lease of a long job, and nobody else gets it', async () => {
  const seen: string[] = [];
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  let firstUntil = 0;
  let job: HeldJob | undefined;
  const run = async (mine: HeldJob): Promise<void> => {
    seen.push(mine.claim.generation);
    firstUntil = mine.heldUntil();
    job = mine;
    await held;
    await finish(mine);
  };
  start({ leaseSeconds: 0.6, run });
  start({ leaseSeconds: 0.6, run });
  await wake();
  await until(() => job !== undefined && performance.now() > firstUntil + 300);
  expect(job?.heldUntil()).toBeGreaterThan(firstUntil);
  expect(job?.signal.aborted).toBe(false);
  expect(seen).toHaveLength(1);
  release();
});

it('tells a job whose lease was lost, whose row then goes on elsewhere', async () => {
  const reasons: unknown[] = [];
  let claims = 0;
  start({
    leaseSeconds: 0.3,
    run: async (job) => {
      claims += 1;
      if (claims > 1) return void (await finish(job));
      // As if this process had stood still: somebody else has taken the row over.
      await database.sql`UPDATE gateway.jobs SET fencing = fencing + 1, holder = 'other' WHERE generation = ${job.claim.generation}`;
      await ended(job).catch((error: unknown) => {
        reasons.push(error);
        throw error;
      });
    },
  });
  await wake();
  await until(() => claims === 2);
  expect(reasons).toMatchObject([{ why: 'lease-lost' }]);
});

it('claims a job again that failed, when its lease has run out', async () => {
  complaints.length = 0;
  let tries = 0;
  start({
    leaseSeconds: 0.1,
    run: async (job) => {
      tries += 1;
      if (tries === 1) throw new Error('a bug');
      expect(job.claim.takenOver).toBe(true);
      await finish(job);
    },
  });
  await wake();
  await until(() => tries === 2);
  expect(complaints).toContain('a job failed');
});

it('stops in order: ends what runs, which hands its row back, and takes nothing new', async () => {
  let running = 0;
  const worker = start({
    run: async (job) => {
      running += 1;
      await ended(job).catch(() => undefined);
      await table.apply(job.claim, { ...done, phase: 'handed back', nextActionAt: new Date(0) });
      running -= 1;
    },
  });
  await wake();
  await until(() => running === 1);
  await worker.stop();
  expect(running).toBe(0);
  await wake();
  const left = await table.claimDue({ kind: 'timed', holder: 'next', limit: 10, leaseSeconds: 30 });
  expect(left.map(({ phase, takenOver }) => [phase, takenOver])).toEqual(
    expect.arrayContaining([
      ['handed back', false],
      [null, false],
    ]),
  );
});

it('an account whose jobs take long leaves places to other accounts, and both to what is due', async () => {
  const at = new Date(Date.now() + 60_000);
  for (let nth = 0; nth < 8; nth += 1)
    for (const account of ['slow', 'other'])
      await table.wake({ generation: randomUUID(), tenant: 'acme', version: 1, account, at });
  const begun: (string | null)[] = [];
  const ending = new AbortController();
  start({
    concurrency: 8,
    accounts: async () => [
      { id: 'slow', slots: 100 },
      { id: 'other', slots: 100 },
    ],
    run: async (job) => {
      begun.push(job.claim.account);
      if (job.claim.account !== null)
        await new Promise<void>((resolve) => {
          ending.signal.addEventListener('abort', () => resolve());
        });
      await table.apply(job.claim, done);
    },
  });
  await until(() => begun.length >= 6);
  await wake();
  await until(() => begun.includes(null));
  expect(begun.filter((account) => account === 'slow')).toHaveLength(4);
  expect(begun.filter((account) => account === 'other')).toHaveLength(2);
  ending.abort();
});
