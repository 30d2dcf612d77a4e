import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { openDatabase, type Database } from '@darkroom/event-store';
import { type WorkTable, workTable, workTableMigrations } from '@darkroom/work-table';
import { startCluster } from './harness/cluster.js';
import { type Contestant, inTurns, ratio } from './harness/rounds.js';
import type { Report } from './harness/report.js';

const sizes = [10_000, 1_000_000] as const;
const looks = 400;

/** Half of them wait for a time that is far, half for a slot of an account that has none free. */
async function fill(sql: Database, schema: string, rows: number): Promise<void> {
  await sql.unsafe(`
    INSERT INTO ${schema}.jobs (generation, tenant, due_at, account, ready_since, seen_version)
    SELECT gen_random_uuid(), 't' || n % 50, CASE WHEN n % 2 = 0 THEN clock_timestamp() + interval '1 day' END,
           CASE WHEN n % 2 = 1 THEN 'full' END, CASE WHEN n % 2 = 1 THEN clock_timestamp() END, 1
    FROM generate_series(1, ${rows}) n;
    INSERT INTO ${schema}.jobs (generation, tenant, due_at, account, holds_slot, slot, holder)
    SELECT gen_random_uuid(), 'x', clock_timestamp() + interval '1 day', 'full', true, nextval('${schema}.slots'), 'elsewhere' FROM generate_series(1, 50);
    ANALYZE ${schema}.jobs`);
}

/** A worker's turn: what is due, what waits for a slot, when to look again, a message, a job through. */
async function turn(table: WorkTable): Promise<void> {
  const generation = randomUUID();
  const claim = { holder: 'a', limit: 16, leaseSeconds: 10 } as const;
  await table.claimDue({ kind: 'ready', account: 'full', slots: 50, ...claim });
  await table.wake({ generation, tenant: 'acme', version: 1 });
  for (const job of await table.claimDue({ kind: 'timed', ...claim }))
    await table.apply(job, { phase: 'x', foldedVersion: 1, nextActionAt: null, release: true });
  await table.msUntilDue(250);
}

/** Seconds of processor that a server process has used. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** What a worker's turn costs the database with ten thousand rows waiting, and with a million. */
export async function run(): Promise<Report> {
  const schemas = sizes.map((rows) => ({ rows, schema: `waiting_${rows}` }));
  const cluster = await startCluster(schemas.map(({ schema }) => workTableMigrations(schema)));
  const admin = openDatabase(cluster.superuserUrl, { max: 1, statementTimeoutMs: 0 });
  const sql = openDatabase(cluster.postgres.url, { max: 1 });
  try {
    for (const { schema, rows } of schemas) await fill(admin, schema, rows);
    await admin`CHECKPOINT`;
    const [backend] = await sql<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
    const cpu = new Map<string, number[]>();
    const contestants = schemas.map(({ schema, rows }): Contestant => {
      const table = workTable(sql, { schema });
      const name = `${rows.toLocaleString('en')} waiting`;
      cpu.set(name, []);
      return {
        name,
        run: async () => {
          const before = cpuSeconds(backend?.pid ?? 0);
          const start = performance.now();
          for (let n = 0; n < looks; n += 1) await turn(table);
          cpu.get(name)?.push(((cpuSeconds(backend?.pid ?? 0) - before) * 1e6) / looks);
          return ((performance.now() - start) * 1000) / looks;
        },
      };
    });
    const standings = await inTurns(contestants, 9);
    const [small = '', large = ''] = standings.map(({ name }) => name);
    const cpuOf = (name: string): number => {
      const values = (cpu.get(name) ?? []).slice(1).toSorted((a, b) => a - b);
      return values[Math.floor(values.length / 2)] ?? Number.NaN;
    };
    const wall = ratio(standings, large, small);
    const processor = cpuOf(large) / cpuOf(small);
    return {
      name: 'million-waiting',
      what: 'a worker’s turn (look for slots, wake, claim, end, next due time) with rows waiting that are not due',
      table: standings.map(({ name, median: us }) => ({
        contestant: name,
        'µs a turn': us,
        'µs of Postgres’ processor': cpuOf(name),
      })),
      goals: [
        {
          what: 'time of a turn, a million over ten thousand',
          goal: '<= 1.25',
          value: wall,
          met: wall <= 1.25,
        },
        {
          what: 'processor of a turn, a million over ten thousand',
          goal: '<= 1.25',
          value: processor,
          met: processor <= 1.25,
        },
      ],
      raw: { standings, cpu: Object.fromEntries(cpu) },
    };
  } finally {
    await Promise.all([admin.end(), sql.end()]);
    await cluster.stop();
  }
}
