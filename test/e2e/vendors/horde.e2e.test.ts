import { type ControlsInput, hordeProtocol, startDouble } from '@darkroom/vendor-doubles';
import { getGeneration } from '../../faults/client.js';
import {
  endsWellOnce,
  isCanceledAtTheVendor,
  isRefusedUnpaid,
  keyIsSaidToTheVendorAlone,
} from './shared-cases.js';
import { credential, VendorWorld } from './vendor-world.js';

let world: VendorWorld;

beforeAll(async () => {
  const vendor = await startDouble(hordeProtocol());
  world = await VendorWorld.start(vendor, 'horde/sdxl-1.0', { base_url: `${vendor.url}/api/v2` });
});
afterAll(() => world.stop());
beforeEach(() => world.vendor.control({ job: { seconds: 0.2 } }));

/** What its workers send. */
const ofWorkers = { output_format: 'webp' };
const create = (body: object = {}): Promise<string> => world.create({ ...ofWorkers, ...body });

it('asks once, and serves the pictures that it verified, at no price', async () => {
  const bill = await world.billed(async () => {
    const resource = await world.ended(await create({ size: '1024x768', count: 2, seed: 99 }));
    expect(resource).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(await world.picture(resource.artifacts[1]?.content_url)).toMatchObject({
      format: 'webp',
      width: 1024,
      height: 768,
    });
    expect(resource.cost).toMatchObject({ estimated_micros: '0' });
  });
  expect(bill).toBe(1);
  expect(world.vendor.book.bill.at(-1)).toMatchObject({ order: { seed: 99, count: 2 } });
});

it.each<ControlsInput['submit']>([
  { mishap: 'accept-then-drop', times: 1 },
  { mishap: 'accept-then-502-html', times: 1 },
  { mishap: 'accept-then-garbage-json', times: 1 },
  { mishap: 'accept-then-cut-body', times: 1 },
])('is drawn once where the answer was lost: the webhook names the request (%j)', async (submit) => {
  world.vendor.control({ submit, job: { seconds: 0.2 } });
  await endsWellOnce(world, ofWorkers);
});

it.each([
  ['accept-then-drop', 1],
  ['accept-then-502-html', 1],
  ['drop-before-accept', 0],
] as const)(
  'leaves it an open question where no webhook comes, and submits nothing again: %s',
  async (mishap, bill) => {
    world.vendor.control({ submit: { mishap, times: 1 }, webhook: { send: false } });
    const before = world.vendor.book.submits;
    const billed = await world.billed(async () => {
      const id = await create();
      await world.isUnknown(id);
      world.vendor.control({ job: { seconds: 0.2 } });
      // Whoever would submit it again had the time.
      expect(await world.ended(await create())).toMatchObject({ status: 'succeeded' });
      expect(await getGeneration(world.target, id)).toMatchObject({ status: 'processing', attempts: 1 });
    });
    expect(billed).toBe(bill + 1);
    expect(world.vendor.book.submits - before).toBe(2);
  },
);

it('says honestly that the picture was censored, and passes nothing on', async () => {
  world.vendor.control({ job: { seconds: 0.1, end: 'moderated' } });
  expect(await world.ended(await create())).toMatchObject({
    status: 'failed',
    attempts: 1,
    artifacts: [],
    error: { code: 'content_rejected', charge: 'none' },
  });
});

// Nobody has picked it up for a tenth of that.
isCanceledAtTheVendor(() => world, 600, ofWorkers);

isRefusedUnpaid(
  () => world,
  [{ size: '1000x1000' }, { size: '4096x1024' }, { output_format: 'png' }, { count: 5 }].map((body) => ({
    ...ofWorkers,
    ...body,
  })),
);

keyIsSaidToTheVendorAlone(() => world, 'apikey', credential);
