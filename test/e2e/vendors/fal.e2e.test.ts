import { type ControlsInput, falProtocol, startDouble } from '@darkroom/vendor-doubles';
import {
  endsWellOnce,
  freeFailuresAreTriedAgain,
  keyIsSaidToTheVendorAlone,
  wrongSignaturesAreRefused,
} from './shared-cases.js';
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
    expect(await world.picture(resource.artifacts[0]?.content_url)).toMatchObject({
      format: 'jpeg',
      width: 1024,
      height: 768,
    });
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
  await endsWellOnce(world);
});

wrongSignaturesAreRefused(() => world);

it.each<[string, ControlsInput, object]>([
  ['moderated', { job: { end: 'moderated' } }, { code: 'content_rejected', charge: 'certain' }],
  ['a black picture', { job: { error: 'black' } }, { code: 'content_rejected', charge: 'certain' }],
])('says honestly that it was %s', async (_what, controls, error) => {
  world.vendor.control(controls);
  expect(await world.ended(await world.create())).toMatchObject({ status: 'failed', error });
});

freeFailuresAreTriedAgain(() => world);

keyIsSaidToTheVendorAlone(
  () => world,
  'authorization',
  `Key ${credential}`,
  (path) => !path.includes('/.well-known'),
);
