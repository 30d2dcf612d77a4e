import { geminiProtocol, startDouble } from '@darkroom/vendor-doubles';
import { keyIsSaidToTheVendorAlone, lostAnswersStayOpen } from './shared-cases.js';
import { credential, VendorWorld } from './vendor-world.js';

let world: VendorWorld;

beforeAll(async () => {
  const vendor = await startDouble(geminiProtocol());
  world = await VendorWorld.start(vendor, 'gemini/gemini-2.5-flash-image', {
    base_url: `${vendor.url}/v1beta`,
  });
});
afterAll(() => world.stop());
beforeEach(() => world.vendor.control({ job: { seconds: 0.1 } }));

it('asks once, serves the picture that came with the answer, and says what it cost', async () => {
  const bill = await world.billed(async () => {
    const resource = await world.ended(await world.create({ size: '1344x768', seed: 99 }));
    expect(resource).toMatchObject({
      status: 'succeeded',
      attempts: 1,
      cost: { currency: 'USD', actual_micros: '38703' },
    });
    expect(resource.artifacts).toHaveLength(1);
    expect(await world.picture(resource.artifacts[0]?.content_url)).toMatchObject({
      format: 'png',
      width: 1344,
      height: 768,
    });
  });
  expect(bill).toBe(1);
  expect(world.vendor.book.bill.at(-1)).toMatchObject({ order: { seed: 99 } });
});

lostAnswersStayOpen(() => world);

it('says honestly that it was blocked', async () => {
  world.vendor.control({ job: { seconds: 0.1, end: 'moderated', error: 'block SAFETY' } });
  expect(await world.ended(await world.create())).toMatchObject({
    status: 'failed',
    error: { code: 'content_rejected', charge: 'certain' },
  });
});

it('does not pay a second time for an answer without a picture', async () => {
  world.vendor.control({ job: { seconds: 0.1, end: 'nothing' } });
  const bill = await world.billed(async () => {
    expect(await world.ended(await world.create())).toMatchObject({
      status: 'failed',
      error: { code: 'provider_failed', charge: 'certain' },
    });
  });
  expect(bill).toBe(1);
});

keyIsSaidToTheVendorAlone(() => world, 'x-goog-api-key', credential);
