import { openaiProtocol, startDouble } from '@darkroom/vendor-doubles';
import { isRefusedUnpaid, keyIsSaidToTheVendorAlone, lostAnswersStayOpen } from './shared-cases.js';
import { credential, VendorWorld } from './vendor-world.js';

let world: VendorWorld;

beforeAll(async () => {
  const vendor = await startDouble(openaiProtocol());
  world = await VendorWorld.start(vendor, 'openai/gpt-image-1-mini', { base_url: `${vendor.url}/v1` });
});
afterAll(() => world.stop());
beforeEach(() => world.vendor.control({ job: { seconds: 0.1 } }));

it('asks the vendor once, and serves the pictures that came with the answer', async () => {
  const bill = await world.billed(async () => {
    const id = await world.create({ size: '1536x1024', count: 2, output_format: 'webp' });
    const resource = await world.ended(id);
    expect(resource).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(resource.artifacts).toHaveLength(2);
    expect(await world.picture(resource.artifacts[1]?.content_url)).toMatchObject({
      format: 'webp',
      width: 1536,
      height: 1024,
    });
  });
  expect(bill).toBe(1);
});

lostAnswersStayOpen(() => world);

it('says honestly that the prompt was rejected, at no cost', async () => {
  world.vendor.control({ refuse: { status: 400, reason: 'moderation' } });
  expect(await world.ended(await world.create())).toMatchObject({
    status: 'failed',
    error: { code: 'content_rejected', charge: 'none' },
  });
});

it('leaves the vendor alone for as long as its headers say that nothing is left', async () => {
  world.vendor.control({ job: { seconds: 0 }, limit: { restFor: '2s500ms' } });
  expect(await world.ended(await world.create())).toMatchObject({ status: 'succeeded' });
  world.vendor.control({ job: { seconds: 0 } });
  expect(await world.ended(await world.create())).toMatchObject({ status: 'succeeded', attempts: 1 });
  const [first, second] = world.vendor.book.bill.slice(-2).map(({ acceptedAt }) => acceptedAt);
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(2_500);
});

isRefusedUnpaid(() => world, [{ size: '512x512' }]);

keyIsSaidToTheVendorAlone(() => world, 'authorization', `Bearer ${credential}`);
