import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPostgresEventStore, openDatabase } from '@darkroom/event-store';
import { z } from 'zod';
import { type Cluster, startCluster } from '../harness/cluster.js';
import { OwnProcess } from '../harness/own-process.js';
import { until } from '../harness/until.js';
import type { Side } from './contest.js';
import type { Load, PictureRequest } from './load.js';
import type { Vendor } from './vendors.js';

const key = 'dk_test_0123456789abcdef0123';
/** What the vendor's own sheet may still settle is waited for; a question that only a person can answer is shown and stays. */
export type Settles = 'by itself' | 'or by a person';

const created = z.object({ data: z.object({ id: z.string() }) });
const shown = z.object({
  data: z.object({
    status: z.enum(['queued', 'processing', 'verifying', 'succeeded', 'failed', 'canceled']),
    status_reason: z.object({ code: z.string() }).nullable(),
  }),
});
type Shown = z.infer<typeof shown>['data'];

/** Each service as a process of its own, as its `main.js` is run in production; the gateway is the worker. */
export async function darkroomSide(
  model: string,
  settles: Settles,
  vendor: Vendor,
  load: Load,
): Promise<Side> {
  const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-bench-charges-'));
  const cluster = await startCluster([]);
  const running: OwnProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const process of running.toReversed()) await process.stop();
    await cluster.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const settings = settingsFor(cluster, dataDir, vendor, load);
    const start = async (name: string, env: Readonly<Record<string, string>> = {}) =>
      OwnProcess.start({
        script: new URL(`../../../services/${name}/dist/main.js`, import.meta.url),
        env: { ...settings, ...env },
        ready: /"url":"(http:[^"]+)","msg":"[^"]*listens"/,
      });
    await migrate(settings, cluster);
    for (const name of ['projections', 'artifact']) running.push((await start(name)).process);
    const intake = await start('intake', { DATABASE_URL: cluster.postgres.apiUrl });
    running.push(intake.process);
    const url = intake.found;
    const ids = new Map<string, string>();
    return {
      startWorker: async () => (await start('provider-gateway', { PUBLIC_URL: url })).process,
      async ask({ id, prompt }) {
        const body = { prompt, model, size: sizes[vendor.name], output_format: 'jpeg' };
        const answer = await fetch(`${url}/v1/generations`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${key}`,
            'content-type': 'application/json',
            'idempotency-key': `request-${id}`,
          },
          body: JSON.stringify(body),
        });
        const text = await answer.text();
        if (answer.status !== 202) throw new Error(`POST answered ${answer.status}: ${text}`);
        ids.set(id, created.parse(JSON.parse(text)).data.id);
      },
      drained: async (all) => drained(all, async ({ id }) => get(url, ids.get(id) ?? ''), settles, load),
      async evidence({ id }) {
        const generation = ids.get(id) ?? '';
        return { shown: await get(url, generation), events: await eventsOf(cluster, generation) };
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Small, so that what is measured is no drawing of pictures; the smallest that Replicate's sheet offers. */
const sizes = { simulator: '256x256', replicate: '1024x1024', fal: '512x512' } as const;

function settingsFor(
  { postgres }: Cluster,
  dataDir: string,
  vendor: Vendor,
  { concurrency }: Load,
): Record<string, string> {
  const common = {
    DATABASE_URL: postgres.url,
    DATA_DIR: dataDir,
    INTAKE_PORT: '0',
    HEALTH_PORT: '0',
    SIGNING_SECRET: 'a secret of this benchmark alone',
    DARKROOM_DEMO_KEY: key,
    DRAIN_SECONDS: '0',
  };
  if (vendor.name === 'simulator') return { ...common, SIMULATOR_URL: vendor.url };
  const account = {
    id: 'main',
    vendor: vendor.name,
    credential: { env: 'VENDOR_KEY' },
    allowed_private_hosts: [vendor.url],
    // As many at once as the other workers have, and as fast as they may.
    limits: { concurrent: concurrency, submits_per_second: 100 },
    ...(vendor.name === 'fal'
      ? { base_url: vendor.url, other_base_urls: { api: `${vendor.url}/api`, keys: `${vendor.url}/keys` } }
      : { base_url: `${vendor.url}/v1` }),
  };
  const file = join(dataDir, 'providers.json');
  writeFileSync(file, JSON.stringify({ accounts: [account] }));
  return { ...common, PROVIDERS_FILE: file, VENDOR_KEY: 'key:secret' };
}

/** As an installation is brought up to date before its services start. */
async function migrate(settings: Readonly<Record<string, string>>, { postgres }: Cluster): Promise<void> {
  const { process } = await OwnProcess.start({
    script: new URL('../../../deploy/local/dist/setup.js', import.meta.url),
    env: { ...settings, DATABASE_OWNER_URL: postgres.ownerUrl },
    ready: /(Ready for the services)/,
  });
  await process.stop();
}

async function get(url: string, id: string): Promise<Shown> {
  const answer = await fetch(`${url}/v1/generations/${id}`, { headers: { authorization: `Bearer ${key}` } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`GET answered ${answer.status}: ${text}`);
  return shown.parse(JSON.parse(text)).data;
}

async function drained(
  all: readonly PictureRequest[],
  look: (request: PictureRequest) => Promise<Shown>,
  settles: Settles,
  { drainSeconds }: Load,
) {
  const last = new Map<string, Shown>();
  const isOpen = ({ status_reason }: Shown): boolean => status_reason?.code === 'needs_attention';
  const isFinal = ({ status }: Shown): boolean => ['succeeded', 'failed', 'canceled'].includes(status);
  const isOver = (one: Shown | undefined): boolean =>
    one !== undefined && (isFinal(one) || (settles === 'or by a person' && isOpen(one)));
  await until(
    'all settled',
    drainSeconds,
    async () => {
      for (const request of all)
        if (!isOver(last.get(request.prompt))) last.set(request.prompt, await look(request));
      return [...last.values()].every(isOver) || undefined;
    },
    1_000,
  ).catch((error: unknown) => {
    // Whoever is not settled by then is counted as what is shown of it.
    process.stderr.write(`${String(error)}\n`);
  });
  const of = (wanted: (one: Shown) => boolean): Set<string> =>
    new Set([...last].filter(([, one]) => wanted(one)).map(([prompt]) => prompt));
  return { answered: of(({ status }) => status === 'succeeded'), open: of(isOpen) };
}

async function eventsOf(cluster: Cluster, generation: string): Promise<string[]> {
  const sql = openDatabase(cluster.postgres.url, { max: 1 });
  const store = createPostgresEventStore(sql);
  try {
    const events = await store.readStream(generation);
    return events.map(
      ({ version, type, recordedAt, data }) =>
        `${version} ${recordedAt.toISOString()} ${type} ${JSON.stringify(data, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`,
    );
  } finally {
    await store.stop();
    await sql.end();
  }
}
