import { type ControlsInput, falProtocol, startDouble } from '@darkroom/vendor-doubles';
import sharp from 'sharp';
import { getBytes, getGeneration } from '../../faults/client.js';
import { until } from '../../faults/until.js';
import { credential, VendorWorld } from './vendor-world.js';

let world: VendorWorld;

beforeAll(async () => {
  const vendor = await startDouble(falProtocol());
  world = await VendorWorld.start(vendor, 'fal/fal-ai/flux/schnell', {
    base_url: vendor.url,
    other_base_urls: { api: `${vendor.url}/api`, keys: `${vendor.url}/keys` },
  });
});
afterAll(() => world.stop());
beforeEach(() => world.vendor.control({}));

it('asks the vendor once, and serves the pictures that it verified', async () => {
  const bill = await world.billed(async () => {
    const resource = await world.ended(
      await world.create({ size: '1024x768', count: 2, output_format: 'jpeg', seed: 99 }),
    );
    expect(resource).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(resource.artifacts).toHaveLength(2);
    const bytes = await getBytes(world.target, resource.artifacts[0]?.content_url ?? '');
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width: 1024, height: 768 });
  });
  expect(bill).toBe(1);
  expect(world.vendor.book.bill.at(-1)).toMatchObject({ order: { seed: 99, count: 2 } });
});

it.each<[string, ControlsInput]>([
  [
    'the history tells once it has ended',
    { submit: { mishap: 'accept-then-drop', times: 1 }, webhook: { send: false } },
  ],
  [
    'only the webhook tells, by a key that the vendor publishes',
    { submit: { mishap: 'accept-then-502-html', times: 1 }, list: { lagSeconds: 600 } },
  ],
])('is charged once where the answer was lost and %s', async (_what, controls) => {
  world.vendor.control(controls);
  const bill = await world.billed(async () => {
    expect(await world.ended(await world.create())).toMatchObject({ status: 'succeeded', attempts: 1 });
  });
  expect(bill).toBe(1);
});

it('believes no webhook that another key signed', async () => {
  world.vendor.control({ job: { seconds: 0.1 }, webhook: { wrongSignature: true } });
  const before = world.vendor.deliveries.length;
  expect(await world.ended(await world.create())).toMatchObject({ status: 'succeeded' });
  await until('a try', 10, async () => (world.vendor.deliveries.length > before ? true : undefined));
  expect(world.vendor.deliveries.slice(before)).toContain(401);
  world.vendor.control({ job: { seconds: 0.1 } });
  expect(await world.ended(await world.create())).toMatchObject({ status: 'succeeded' });
  await until('one that is taken', 10, async () =>
    world.vendor.deliveries.includes(204) ? true : undefined,
  );
});

it.each<[string, ControlsInput, object]>([
  ['moderated', { job: { end: 'moderated' } }, { code: 'content_rejected', charge: 'certain' }],
  ['a black picture', { job: { error: 'black' } }, { code: 'content_rejected', charge: 'certain' }],
])('says honestly that it was %s', async (_what, controls, error) => {
  world.vendor.control(controls);
  expect(await world.ended(await world.create())).toMatchObject({ status: 'failed', error });
});

it('tries again what the vendor failed at free of charge', async () => {
  world.vendor.control({ job: { seconds: 0.1, end: 'failed' } });
  const id = await world.create();
  await until('the first failure', 10, async () =>
    (await getGeneration(world.target, id)).attempts > 1 ? true : undefined,
  );
  world.vendor.control({ job: { seconds: 0.1 } });
  expect(await world.ended(id)).toMatchObject({ status: 'succeeded' });
});

it('says its key to the vendor alone', () => {
  const asked = world.vendor.calls.filter(({ path }) => !path.includes('/.well-known'));
  expect(asked.every(({ headers }) => headers.authorization === `Key ${credential}`)).toBe(true);
  expect(world.printed).not.toContain(credential);
});
