import { stabilityProtocol, startDouble } from '@darkroom/vendor-doubles';
import { isRefusedUnpaid, keyIsSaidToTheVendorAlone, lostAnswersStayOpen } from './shared-cases.js';
import { credential, VendorWorld } from './vendor-world.js';

let world: VendorWorld;

beforeAll(async () => {
  const vendor = await startDouble(stabilityProtocol());
  world = await VendorWorld.start(vendor, 'stability/sd3.5-large', { base_url: vendor.url });
});
afterAll(() => world.stop());
beforeEach(() => world.vendor.control({ job: { seconds: 0.1 } }));

it('asks once, and serves the picture that came with the answer', async () => {
  const prompt = 'a "lighthouse",\r\n--by night-- 🗼';
  const bill = await world.billed(async () => {
    const id = await world.create({ prompt, size: '832x1216', seed: 99, output_format: 'webp' });
    const resource = await world.ended(id);
    expect(resource).toMatchObject({
      status: 'succeeded',
      attempts: 1,
      cost: { currency: 'USD', estimated_micros: '65000' },
    });
    expect(resource.artifacts).toHaveLength(1);
    expect(await world.picture(resource.artifacts[0]?.content_url)).toMatchObject({
      format: 'webp',
      width: 832,
      height: 1216,
    });
  });
  expect(bill).toBe(1);
  expect(world.vendor.book.bill.at(-1)).toMatchObject({
    model: 'sd3.5-large',
    order: { prompt, seed: 99 },
  });
});

lostAnswersStayOpen(() => world);

it('says honestly that the picture was filtered, and that it is billed all the same', async () => {
  world.vendor.control({ job: { seconds: 0.1, end: 'moderated' } });
  const bill = await world.billed(async () => {
    expect(await world.ended(await world.create())).toMatchObject({
      status: 'failed',
      artifacts: [],
      error: { code: 'content_rejected', charge: 'certain' },
    });
  });
  expect(bill).toBe(1);
});

it('says honestly that the prompt was rejected, at no cost', async () => {
  world.vendor.control({ refuse: { status: 403, reason: 'moderation' } });
  expect(await world.ended(await world.create())).toMatchObject({
    status: 'failed',
    error: { code: 'content_rejected', charge: 'none' },
  });
});

isRefusedUnpaid(() => world, [{ size: '512x512' }, { count: 2 }]);

keyIsSaidToTheVendorAlone(() => world, 'authorization', `Bearer ${credential}`);
