import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '@darkroom/event-store';
import { readModelMigrations } from '@darkroom/read-models';
import type { Order, Outcome } from './accept/client.js';
import { type Cluster, startCluster } from './harness/cluster.js';
import { OwnProcess } from './harness/own-process.js';
import { type Contestant, inTurns, median, ratio } from './harness/rounds.js';
import type { Report } from './harness/report.js';

const roundSeconds = Number(process.env['BENCH_SECONDS'] ?? 3);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 7);
const connections = 64;
const key = 'dk_test_0123456789abcdef0123';

/** The same bytes for everybody. */
const body = JSON.stringify({
  prompt: 'A red bicycle leaning on a wet brick wall at dusk, warm light from a window, film grain, 35 mm',
  model: 'sim/standard',
  size: '1024x1024',
  count: 1,
  seed: 20_260_101,
  output_format: 'png',
  metadata: { order: '2026-000417', customer: 'acme' },
});

const names = {
  intake: 'POST /v1/generations on intake',
  bare: 'fastify, no storage',
  insert: 'fastify + one INSERT a request',
  batched: 'fastify + micro-batched INSERTs',
} as const;

async function startIntake(
  cluster: Cluster,
  dataDir: string,
): Promise<{ process: OwnProcess; found: string }> {
  return OwnProcess.start({
    script: new URL('../../services/intake/dist/main.js', import.meta.url),
    env: {
      DATABASE_URL: cluster.postgres.apiUrl,
      DATABASE_OWNER_URL: cluster.postgres.ownerUrl,
      DATA_DIR: dataDir,
      INTAKE_PORT: '0',
      SIGNING_SECRET: 'a secret of this benchmark alone',
      DARKROOM_DEMO_KEY: key,
      DRAIN_SECONDS: '0',
    },
    ready: /"url":"(http:[^"]+)","msg":"[^"]*listens"/,
  });
}

async function order(client: ChildProcess, wanted: Order): Promise<Outcome> {
  const answered = once(client, 'message', { signal: AbortSignal.timeout((wanted.seconds + 60) * 1000) });
  client.send(wanted);
  const [outcome] = (await answered) as [Outcome];
  if (outcome.others > 0) throw new Error(`${outcome.others} requests to ${wanted.path} were not accepted`);
  return outcome;
}

/** Requests a second that are answered with 202 when they are safe on disk, against what fastify and Postgres do alone. */
export async function run(): Promise<Report> {
  const cluster = await startCluster([readModelMigrations]);
  const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-bench-intake-'));
  const admin = openDatabase(cluster.superuserUrl, { max: 1 });
  const client = fork(fileURLToPath(new URL('accept/client.js', import.meta.url)));
  const running: OwnProcess[] = [];
  try {
    const intake = await startIntake(cluster, dataDir);
    running.push(intake.process);
    const floors = await OwnProcess.start({
      script: new URL('accept/floors.js', import.meta.url),
      args: [cluster.superuserUrl],
      ready: /listens on (http:\S+)/,
    });
    running.push(floors.process);
    const [{ fsync } = { fsync: '' }] = await admin<{ fsync: string }[]>`SHOW fsync`;
    if (fsync !== 'on') throw new Error(`fsync is ${fsync}`);

    const told = new Map<string, Outcome[]>();
    const contestant = (name: string, origin: string, path: string): Contestant => {
      told.set(name, []);
      return {
        name,
        run: async () => {
          const wanted = {
            origin,
            path,
            authorization: `Bearer ${key}`,
            body,
            connections,
            seconds: roundSeconds,
          };
          const outcome = await order(client, wanted);
          told.get(name)?.push(outcome);
          return outcome.accepted / outcome.seconds;
        },
      };
    };
    const contestants = [
      contestant(names.intake, intake.found, '/v1/generations'),
      contestant(names.bare, floors.found, '/bare'),
      contestant(names.insert, floors.found, '/insert'),
      contestant(names.batched, floors.found, '/batched'),
    ];
    const standings = await inTurns(contestants, rounds);
    const [{ n } = { n: -1 }] = await admin<
      { n: number }[]
    >`SELECT count(*)::int AS n FROM event_store.events WHERE type = 'GenerationRequested'`;
    const answered = (told.get(names.intake) ?? []).reduce((sum, { accepted }) => sum + accepted, 0);
    if (n !== answered) throw new Error(`${answered} requests were accepted, ${n} are stored`);

    const overInsert = ratio(standings, names.intake, names.insert);
    const overBatched = ratio(standings, names.intake, names.batched);
    const goals = [
      { what: 'over one INSERT a request', goal: '>= 1.2', value: overInsert, met: overInsert >= 1.2 },
      { what: 'over micro-batched INSERTs', goal: '>= 0.5', value: overBatched, met: overBatched >= 0.5 },
    ];
    const profile = goals.every(({ met }) => met)
      ? {}
      : { profile: await intake.process.profiled(async () => contestants[0]?.run()) };
    return {
      name: 'accept',
      what: `accepted and stored requests, ${connections} connections, ${Buffer.byteLength(body)} bytes each, fresh keys`,
      table: standings.map(({ name, median: perSecond }) => {
        const outcomes = (told.get(name) ?? []).slice(1, rounds + 1);
        return {
          contestant: name,
          'requests/s': perSecond,
          'p50 ms': median(outcomes.map(({ p50 }) => p50)),
          'p99 ms': median(outcomes.map(({ p99 }) => p99)),
          'client’s processor': median(outcomes.map(({ cpu, seconds }) => cpu / seconds)),
        };
      }),
      goals,
      ...profile,
      raw: { standings, told: Object.fromEntries(told) },
    };
  } finally {
    client.kill();
    for (const one of running) await one.stop();
    await admin.end();
    await cluster.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}
