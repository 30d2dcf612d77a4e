import { type ControlsInput, runwareProtocol, startDouble } from '@darkroom/vendor-doubles';
import { getGeneration } from '../../faults/client.js';
import { until } from '../../faults/until.js';
import { endsWellOnce, isRefusedUnpaid, keyIsSaidToTheVendorAlone } from './shared-cases.js';
import { credential, VendorWorld } from './vendor-world.js';

const start = async (options: Parameters<typeof runwareProtocol>[0] = {}): Promise<VendorWorld> => {
  const vendor = await startDouble(runwareProtocol(options));
  return VendorWorld.start(vendor, 'runware/runware:101@1', { base_url: vendor.url });
};

describe('Runware', () => {
  let world: VendorWorld;
  beforeAll(async () => {
    world = await start();
  });
  afterAll(() => world.stop());
  beforeEach(() => world.vendor.control({ job: { seconds: 0.2 } }));

  it('asks once, serves the picture that it verified, and says what the vendor billed', async () => {
    const bill = await world.billed(async () => {
      const resource = await world.ended(
        await world.create({ size: '1024x768', output_format: 'webp', seed: 99 }),
      );
      expect(resource).toMatchObject({ status: 'succeeded', attempts: 1 });
      expect(await world.picture(resource.artifacts[0]?.content_url)).toMatchObject({
        format: 'webp',
        width: 1024,
        height: 768,
      });
      expect(resource.cost).toMatchObject({ actual_micros: '3800', currency: 'USD' });
    });
    expect(bill).toBe(1);
    expect(world.vendor.book.bill.at(-1)).toMatchObject({ order: { seed: 99, count: 1 } });
  });

  it.each<ControlsInput['submit']>([
    { mishap: 'accept-then-drop', times: 1 },
    { mishap: 'accept-then-502-html', times: 1 },
    { mishap: 'accept-then-garbage-json', times: 1 },
    { mishap: 'accept-then-cut-body', times: 1 },
  ])(
    'is charged once where the answer was lost, without a webhook: the id finds the task (%j)',
    async (submit) => {
      world.vendor.control({ submit, job: { seconds: 0.2 }, webhook: { send: false } });
      await endsWellOnce(world);
    },
  );

  it('leaves it an open question where the vendor knows no such task, and submits nothing again', async () => {
    world.vendor.control({ submit: { mishap: 'drop-before-accept', times: 1 }, job: { seconds: 0.2 } });
    const before = world.vendor.book.submits;
    const archive = () => world.vendor.calls.filter(({ body }) => body.includes('getTaskDetails')).length;
    const asked = archive();
    const id = await world.create();
    await world.isUnknown(id);
    // Twice it was told that there is none.
    await until('two looks', 20, async () => (archive() - asked > 1 ? true : undefined));
    expect(await world.ended(await world.create())).toMatchObject({ status: 'succeeded' });
    expect(world.vendor.book.submits - before).toBe(2);
    expect(await getGeneration(world.target, id)).toMatchObject({ status: 'processing', attempts: 1 });
  });

  it('takes a webhook, unsigned as it is, for a hint: the poll tells, and one of another task harms nothing', async () => {
    world.vendor.control({ job: { seconds: 0.1 } });
    const before = world.vendor.deliveries.length;
    expect(await world.ended(await world.create())).toMatchObject({ status: 'succeeded' });
    world.vendor.control({ job: { seconds: 0.1 }, webhook: { wrongJob: true } });
    await endsWellOnce(world);
    await until('both', 10, async () => (world.vendor.deliveries.length - before > 1 ? true : undefined));
    expect(world.vendor.deliveries.slice(before)).toEqual([204, 204]);
  });

  it('says honestly that the vendor’s check rejected the picture, which was billed', async () => {
    world.vendor.control({ job: { seconds: 0.1, end: 'moderated' } });
    const bill = await world.billed(async () => {
      const resource = await world.ended(await world.create());
      expect(resource).toMatchObject({ status: 'failed', attempts: 1, error: { code: 'content_rejected' } });
      expect(resource.error).not.toMatchObject({ charge: 'none' });
    });
    expect(bill).toBe(1);
  });

  isRefusedUnpaid(
    () => world,
    [{ size: '1000x1000' }, { size: '64x64' }, { size: '2112x2112' }, { count: 2 }],
  );

  keyIsSaidToTheVendorAlone(
    () => world,
    'authorization',
    `Bearer ${credential}`,
    (path) => path === '/v1',
  );
});

it('is charged once where the answers are lost and everything is killed, and the archive alone remembers', async () => {
  const world = await start({ forgetsEnded: true, unknown: 'code' });
  try {
    world.vendor.control({
      submit: { mishap: 'accept-then-hang' },
      job: { seconds: 1 },
      webhook: { send: false },
    });
    const bill = await world.billed(async () => {
      const ids = [await world.create(), await world.create(), await world.create()];
      await until('three tasks', 10, async () => (world.vendor.book.bill.length === 3 ? true : undefined));
      await world.darkroom.kill();
      await world.darkroom.start();
      for (const id of ids)
        expect(await world.ended(id, 40)).toMatchObject({ status: 'succeeded', attempts: 1 });
    });
    expect(bill).toBe(3);
    expect(world.vendor.book.submits).toBe(3);
  } finally {
    await world.stop();
  }
});
