import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { listParked } from '@darkroom/event-bus';
import { detailSubscription, feedSubscription } from '@darkroom/read-models';
import { z } from 'zod';
import { getGeneration, isFinal, setFaults, type Target, tryCreate } from '../faults/client.js';
import type { OwnProcess, ServiceName } from '../faults/own-process.js';
import { ServiceWorld } from '../faults/service-world.js';
import { until } from '../faults/until.js';

const consumers: readonly ServiceName[] = ['provider-gateway', 'artifact', 'projections'];
const groups = ['provider-gateway', 'artifact', detailSubscription];
const sweeps = groups.map((group) => `${group}.sweep`);

let world: ServiceWorld;
/** Where the vendor should be; whoever calls is counted and gets nothing. */
let nobody: Server;
let calls = 0;
beforeAll(async () => {
  world = await ServiceWorld.create();
  nobody = createServer((request) => {
    calls += 1;
    request.socket.destroy();
  });
  await once(nobody.listen(0, '127.0.0.1'), 'listening');
});
afterAll(async () => {
  nobody.close();
  await world.dispose();
});

const address = z.object({ port: z.int() });

async function ended(target: Target, model: string): Promise<string> {
  const id = await tryCreate(target, randomBytes(8).toString('hex'), { prompt: 'a lighthouse', model });
  if (id === undefined) throw new Error('not accepted');
  await until('an end', 20, async () => (isFinal(await getGeneration(target, id)) ? true : undefined));
  return id;
}

async function erase(target: Target, id: string): Promise<void> {
  const { status } = await fetch(`${target.intake}/v1/generations/${id}/content`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${target.demo_key}` },
  });
  expect(status).toBe(204);
}

const startAll = async (more: Readonly<Record<string, string>>): Promise<OwnProcess[]> =>
  Promise.all(consumers.map(async (service) => world.start(service, more)));

async function stopAll(services: readonly OwnProcess[]): Promise<void> {
  for (const service of services) service.signal('SIGTERM');
  for (const service of services) expect(await service.ended(20)).toBe(0);
}

/** What they logged that somebody should look at. */
const complaints = (services: readonly OwnProcess[]): string[] =>
  services.flatMap(({ printed }) =>
    printed.split('\n').filter((line) => /"level":"(warn|error|fatal)"/.test(line)),
  );

/**
 * Everything that is told of the generations, but for when it was recorded, as one round makes the log older than it is, and for where
 * an output was fetched from: that went with the links, and is asked only while one is still to be fetched.
 */
async function told(): Promise<unknown> {
  const { superuser: sql } = world.database;
  const details = await sql<{ state: unknown }[]>`
    select id, tenant, version, run, created_at, status, model, open_questions, paid_orphans, prompt, metadata, erased, state
    from read_models.detail_v1 order by id`;
  const comparable = (key: string, value: unknown): unknown =>
    key === 'source' || (typeof value === 'number' && value > 1e12) ? 'any' : value;
  return {
    details: details.map((row) => ({
      ...row,
      state: JSON.parse(JSON.stringify(row.state, comparable)),
    })),
    images: await sql`select id, generation from read_models.artifact_v1 order by id`,
    counts: await sql`select * from read_models.counts_v1 where n > 0 order by tenant, status`,
    feed: await sql`select cursor, generation, version, type, data from read_models.feed_v1 order by cursor`,
    log: await sql`select id, stream, version, type, data, personal from event_store.events order by stream, version`,
  };
}

/** Takes away what the consumers made of the log, so that they must make it of the log alone once more. */
async function forget(): Promise<void> {
  await world.database.superuser`delete from read_models.detail_v1`;
  await world.database.superuser`delete from read_models.artifact_v1`;
  await world.database.superuser`delete from gateway.jobs`;
  await world.database.superuser`delete from artifact.jobs`;
  await world.database
    .superuser`delete from event_store.checkpoints where subscription = any(string_to_array(${sweeps.join(' ')}, ' '))`;
}

/** Waits until these have read to the end of the log, rows stand where the streams end, and work where the runs did: erasing wakes no job. */
async function done(subscriptions: readonly string[], services: readonly OwnProcess[]): Promise<void> {
  const { superuser: sql } = world.database;
  let missing = '';
  await until(
    'everything consumed',
    30,
    async () => {
      const [row] = await sql<{ behind: string | null }[]>`
        with heads as (
          select stream, max(version) as version,
            max(version) filter (where type <> 'PersonalDataErased') as ended,
            bool_or(type = 'OutputsProduced') as produced
          from event_store.events where type not like 'ProviderAccount%' group by stream
        ), last as (
          select tx, position from event_store.events order by tx desc, position desc limit 1
        ), behind as (
          select w.name as what from unnest(string_to_array(${subscriptions.join(' ')}, ' ')) as w(name)
            left join event_store.checkpoints c on c.subscription = w.name cross join last
            where c.subscription is null or (c.tx, c.position) < (last.tx, last.position)
          union all
          select 'row of ' || h.stream from heads h left join read_models.detail_v1 d on d.id = h.stream
            where d.version is distinct from h.version
          union all
          select 'gateway job of ' || h.stream from heads h left join gateway.jobs j on j.generation = h.stream
            where coalesce(j.folded_version, 0) < h.ended or j.holder is not null
          union all
          select 'artifact job of ' || h.stream from heads h left join artifact.jobs j on j.generation = h.stream
            where h.produced and (coalesce(j.folded_version, 0) < h.ended or j.holder is not null)
        ) select string_agg(what, ', ') as behind from behind`;
      missing = row?.behind ?? '';
      return missing === '' ? true : undefined;
    },
    () => `${missing}\n${complaints(services).join('\n')}`,
  );
}

it('erased generations are consumed once more from the beginning, by bus and by sweep: nothing parks, nobody is called, all stays', async () => {
  const { superuser: sql } = world.database;
  const intake = await world.start('intake');
  const target = world.target(intake);
  const settings = { PUBLIC_URL: intake.url };
  const first = await startAll(settings);
  // With callbacks, so that their bodies are missing later too; the last generation fails.
  const webhook = { send: 1, early: 1 };
  await setFaults(target, { webhook });
  const ids = [await ended(target, 'sim/standard'), await ended(target, 'sim/inline')];
  await setFaults(target, { webhook, job: { fail: 1 } });
  ids.push(await ended(target, 'sim/standard'));
  for (const id of ids) await erase(target, id);
  const all = [...groups, feedSubscription];
  await done(all, first);
  await stopAll(first);
  const resources = async () => Promise.all(ids.map(async (id) => getGeneration(target, id)));
  const [before, shown] = [await told(), await resources()];
  expect(shown.map(({ status, prompt }) => [status, prompt])).toEqual([
    ['succeeded', null],
    ['succeeded', null],
    ['failed', null],
  ]);
  const [emptied] = await sql<{ types: string }[]>`
    select string_agg(distinct type, ' ' order by type) as types from event_store.events where personal = '{}'`;
  expect(emptied?.types.split(' ')).toEqual(
    expect.arrayContaining(['GenerationRequested', 'OutputsProduced', 'ProviderNotified']),
  );
  const elsewhere = { ...settings, SIMULATOR_PORT: String(address.parse(nobody.address()).port) };

  for (const by of ['bus', 'sweep']) {
    await forget();
    if (by === 'bus') {
      await sql`delete from read_models.feed_v1`;
      const { count } = await sql`
        update event_store.checkpoints set tx = '0', position = 0
        where subscription = any(string_to_array(${all.join(' ')}, ' ')) and holder is null`;
      expect(count).toBe(all.length);
    } else {
      // The groups stand at the end of the log; the sweeps look at what the bus should have brought long ago.
      await sql`update event_store.events set recorded_at = recorded_at - interval '1 hour'`;
    }
    const again = await startAll(elsewhere);
    await done(by === 'bus' ? all : sweeps, again);
    await stopAll(again);

    const swept = complaints(again).filter((line) => line.includes('the sweep found events'));
    expect(complaints(again).filter((line) => !swept.includes(line))).toEqual([]);
    expect(swept.length).toBeGreaterThanOrEqual(by === 'bus' ? 0 : sweeps.length);
    for (const consumer of groups) expect(await listParked(sql, { consumer, limit: 100 })).toEqual([]);
    expect(calls).toBe(0);
    expect(await told()).toEqual(before);
    expect(await resources()).toEqual(shown);
  }
});
