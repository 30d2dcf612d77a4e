import { bflProtocol, type ControlsInput, startDouble } from '@darkroom/vendor-doubles';
import {
  endsWellOnce,
  isRefusedUnpaid,
  keyIsSaidToTheVendorAlone,
  wrongSignaturesAreRefused,
} from './shared-cases.js';
import { credential, VendorWorld } from './vendor-world.js';

const start = async (isRegional: boolean): Promise<VendorWorld> => {
  const vendor = await startDouble(bflProtocol({ isRegional }));
  return VendorWorld.start(vendor, 'bfl/flux-2-pro', { base_url: `${vendor.url}/v1` });
};

describe('Black Forest Labs', () => {
  let world: VendorWorld;
  beforeAll(async () => {
    world = await start(false);
  });
  afterAll(() => world.stop());
  beforeEach(() => world.vendor.control({ job: { seconds: 0.2 } }));

  it('asks the vendor once, serves the picture that it verified, and says what the vendor billed', async () => {
    const bill = await world.billed(async () => {
      const resource = await world.ended(
        await world.create({ size: '1024x768', output_format: 'jpeg', seed: 99 }),
      );
      expect(resource).toMatchObject({ status: 'succeeded', attempts: 1 });
      expect(await world.picture(resource.artifacts[0]?.content_url)).toMatchObject({
        format: 'jpeg',
        width: 1024,
        height: 768,
      });
      expect(resource.cost).toMatchObject({ actual_micros: '35000', currency: 'USD' });
    });
    expect(bill).toBe(1);
    expect(world.vendor.book.bill.at(-1)).toMatchObject({ order: { seed: 99, count: 1 } });
  });

  it.each<ControlsInput['submit']>([
    { mishap: 'accept-then-drop', times: 1 },
    { mishap: 'accept-then-502-html', times: 1 },
    { mishap: 'accept-then-garbage-json', times: 1 },
  ])(
    'is charged once where the answer was lost: the webhook tells, and is asked about (%j)',
    async (submit) => {
      world.vendor.control({ submit, job: { seconds: 0.2 } });
      await endsWellOnce(world);
    },
  );

  it('leaves it an open question where no webhook comes either, and submits nothing again', async () => {
    world.vendor.control({ submit: { mishap: 'accept-then-drop', times: 1 }, webhook: { send: false } });
    const before = world.vendor.book.submits;
    const id = await world.create();
    await world.isUnknown(id);
    // Another one goes all the way meanwhile.
    world.vendor.control({ job: { seconds: 0.2 } });
    expect(await world.ended(await world.create())).toMatchObject({ status: 'succeeded' });
    expect(world.vendor.book.submits - before).toBe(2);
  });

  wrongSignaturesAreRefused(() => world);

  it('says honestly that it was moderated, at no cost', async () => {
    world.vendor.control({ job: { seconds: 0.1, end: 'moderated' } });
    const resource = await world.ended(await world.create());
    expect(resource).toMatchObject({
      status: 'failed',
      error: { code: 'content_rejected', charge: 'none' },
    });
  });

  isRefusedUnpaid(() => world, [{ size: '1000x1000' }, { size: '2048x2048' }]);

  keyIsSaidToTheVendorAlone(() => world, 'x-key', credential);
});

it('asks for a task where the vendor said that it is asked for', async () => {
  const world = await start(true);
  try {
    world.vendor.control({ job: { seconds: 0.5 }, webhook: { send: false } });
    expect(await world.ended(await world.create())).toMatchObject({ status: 'succeeded', attempts: 1 });
    const polls = world.vendor.calls.filter(({ path }) => path.endsWith('/get_result'));
    expect(polls.length).toBeGreaterThan(0);
    expect(polls.every(({ path }) => path.startsWith('/us1/'))).toBe(true);
  } finally {
    await world.stop();
  }
});
