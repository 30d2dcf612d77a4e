import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { replicateProtocol, startDouble, type VendorDouble } from '@darkroom/vendor-doubles';
import { createOnce, getGeneration, isFinal, readLedger, setFaults, type Target } from './client.js';
import { ServiceWorld } from './service-world.js';
import { until } from './until.js';

const models = ['sim/standard', 'replicate/black-forest-labs/flux-schnell'];
let world: ServiceWorld;
let other: VendorDouble;
let target: Target;

beforeAll(async () => {
  world = await ServiceWorld.create();
  other = await startDouble(
    replicateProtocol({ webhookSecret: `whsec_${Buffer.from('of this test').toString('base64')}` }),
  );
  const file = join(world.dataDir, 'providers.json');
  writeFileSync(
    file,
    JSON.stringify({
      accounts: [
        { id: 'first', vendor: 'sim', credential: { env: 'VENDOR_KEY' } },
        {
          id: 'second',
          vendor: 'replicate',
          base_url: `${other.url}/v1`,
          credential: { env: 'VENDOR_KEY' },
          allowed_private_hosts: [other.url],
        },
      ],
      models,
      routes: { either: { models, equivalence: 'either draws a boat' } },
    }),
  );
  const settings = { PROVIDERS_FILE: file, VENDOR_KEY: 'a-key' };
  const intake = await world.start('intake', settings);
  for (const service of ['projections', 'artifact', 'provider-gateway'] as const)
    await world.start(service, settings);
  target = world.target(intake);
});
afterAll(async () => {
  await world.dispose();
  await other.stop();
});

const ask = async (count: number): Promise<string[]> => {
  const ids: string[] = [];
  for (let nth = 0; nth < count; nth += 1) {
    const created = await createOnce(target, randomUUID(), { prompt: 'a boat', model: 'either' });
    if (created.kind !== 'accepted') throw new Error('not taken');
    ids.push(created.id);
  }
  return ids;
};
const allSucceed = async (ids: readonly string[]): Promise<void> => {
  for (const id of ids) {
    const end = await until(`${id} ends`, 90, async () => {
      const resource = await getGeneration(target, id);
      return isFinal(resource) ? resource : undefined;
    });
    expect(end.status).toBe('succeeded');
  }
};
const byFirst = async (): Promise<number> =>
  (await readLedger(target)).filter(({ accepted }) => accepted).length;

it('tells clients what a route stands for, in the words of who configured it', async () => {
  const answer = await fetch(`${target.intake}/v1/models`, {
    headers: { authorization: `Bearer ${target.demo_key}` },
  });
  expect(await answer.json()).toMatchObject({
    routes: [{ name: 'either', models, equivalence: 'either draws a boat' }],
  });
});

it('work along a route goes to the next vendor while the first is away, and back to it afterwards', async () => {
  await setFaults(target, { job: { seconds: [0.1, 0.2] }, submit: { status: { '503': 1 } } });
  const meanwhile = await ask(20);
  await allSucceed(meanwhile);
  // One charge for each, whoever it was.
  expect([await byFirst(), other.book.bill.length]).toEqual([0, 20]);

  await setFaults(target, { job: { seconds: [0.1, 0.2] } });
  await until('the first takes work again', 90, async () => {
    await allSucceed(await ask(5));
    if ((await byFirst()) >= 3) return true;
    return pause(1_000);
  });
  const before = await byFirst();
  await allSucceed(await ask(10));
  expect((await byFirst()) - before).toBe(10);
}, 600_000);
