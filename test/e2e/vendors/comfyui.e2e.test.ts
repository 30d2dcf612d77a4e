import { comfyuiProtocol, type ControlsInput, startDouble } from '@darkroom/vendor-doubles';
import {
  endsWellOnce,
  freeFailuresAreTriedAgain,
  isCanceledAtTheVendor,
  isRefusedUnpaid,
} from './shared-cases.js';
import { VendorWorld } from './vendor-world.js';

let world: VendorWorld;

beforeAll(async () => {
  const vendor = await startDouble(comfyuiProtocol());
  world = await VendorWorld.start(vendor, 'comfyui/sdxl-base', {
    base_url: vendor.url,
    limits: { concurrent: 16 },
  });
});
afterAll(() => world.stop());
beforeEach(() => world.vendor.control({ job: { seconds: 0.3 } }));

it('queues a graph once, and serves the pictures that it verified', async () => {
  const bill = await world.billed(async () => {
    const resource = await world.ended(await world.create({ size: '1024x768', count: 2, seed: 99 }));
    expect(resource).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(await world.picture(resource.artifacts[1]?.content_url)).toMatchObject({
      format: 'png',
      width: 1024,
      height: 768,
    });
  });
  expect(bill).toBe(1);
  expect(world.vendor.book.bill.at(-1)).toMatchObject({ order: { seed: 99, count: 2 } });
});

it.each<ControlsInput['submit']>([
  { mishap: 'accept-then-drop', times: 1 },
  { mishap: 'accept-then-502-html', times: 1 },
  { mishap: 'accept-then-garbage-json', times: 1 },
  { mishap: 'accept-then-cut-body', times: 1 },
])('runs it once where the answer was lost: it is found by our id (%j)', async (submit) => {
  world.vendor.control({ submit, job: { seconds: 0.3 } });
  await endsWellOnce(world);
});

it('leaves an open question where it is nowhere, as a restart may have forgotten it, and queues nothing again', async () => {
  world.vendor.control({ submit: { mishap: 'drop-before-accept', times: 1 } });
  const before = world.vendor.book.submits;
  const id = await world.create();
  await world.isUnknown(id);
  world.vendor.control({ job: { seconds: 0.2 } });
  expect(await world.ended(await world.create())).toMatchObject({ status: 'succeeded' });
  expect(world.vendor.book.submits - before).toBe(2);
});

isCanceledAtTheVendor(() => world, 60);

freeFailuresAreTriedAgain(() => world);

isRefusedUnpaid(() => world, [{ size: '1001x1000' }, { output_format: 'webp' }]);
