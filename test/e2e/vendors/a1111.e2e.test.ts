import { a1111Protocol, startDouble } from '@darkroom/vendor-doubles';
import { freeFailuresAreTriedAgain, isRefusedUnpaid, lostAnswersStayOpen } from './shared-cases.js';
import { credential, VendorWorld } from './vendor-world.js';

let world: VendorWorld;

beforeAll(async () => {
  const vendor = await startDouble(a1111Protocol({ auth: credential, returnsGrid: true }));
  world = await VendorWorld.start(vendor, 'a1111/sdxl-base', {
    base_url: vendor.url,
    limits: { concurrent: 16 },
  });
});
afterAll(() => world.stop());
beforeEach(() => world.vendor.control({ job: { seconds: 0.1 } }));

it('draws once, and serves the pictures that came with the answer, without their grid', async () => {
  const bill = await world.billed(async () => {
    const resource = await world.ended(await world.create({ size: '512x768', count: 2, seed: 99 }));
    expect(resource).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(resource.artifacts).toHaveLength(2);
    for (const { content_url } of resource.artifacts) {
      expect(await world.picture(content_url)).toMatchObject({ format: 'png', width: 512, height: 768 });
    }
  });
  expect(bill).toBe(1);
  expect(world.vendor.book.bill.at(-1)).toMatchObject({ model: 'sd_xl_base_1.0', order: { seed: 99 } });
});

lostAnswersStayOpen(() => world);

freeFailuresAreTriedAgain(() => world);

isRefusedUnpaid(() => world, [{ size: '1001x1000' }, { output_format: 'webp' }]);

it('asks for nothing but pictures, as what interrupts would end the work of others, and says its password to nobody else', () => {
  const basic = `Basic ${btoa(credential)}`;
  expect(new Set(world.vendor.calls.map(({ path }) => path))).toEqual(new Set(['/sdapi/v1/txt2img']));
  expect(world.vendor.calls.every(({ headers }) => headers.authorization === basic)).toBe(true);
  expect(world.printed).not.toContain(credential);
  expect(world.printed).not.toContain(btoa(credential));
});
