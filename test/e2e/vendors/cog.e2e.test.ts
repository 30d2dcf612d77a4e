import { cogProtocol, type ControlsInput, startDouble } from '@darkroom/vendor-doubles';
import { getGeneration } from '../../faults/client.js';
import { until } from '../../faults/until.js';
import { endsWellOnce, isCanceledAtTheVendor } from './shared-cases.js';
import { credential, VendorWorld } from './vendor-world.js';

const token = 'canary-of-the-webhook-token';
let world: VendorWorld;

beforeAll(async () => {
  const vendor = await startDouble(cogProtocol({ webhookToken: token }));
  world = await VendorWorld.start(
    vendor,
    'cog/text-to-image',
    { base_url: vendor.url, webhook_secrets: [{ env: 'COG_TOKEN' }], limits: { concurrent: 8 } },
    { COG_TOKEN: token },
  );
});
afterAll(() => world.stop());
beforeEach(() => world.vendor.control({ job: { seconds: 0.2 } }));

it('runs once, and serves the pictures that the webhook carried', async () => {
  const bill = await world.billed(async () => {
    const resource = await world.ended(
      await world.create({ size: '2048x1024', count: 4, output_format: 'png', seed: 99 }),
    );
    expect(resource).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(resource.artifacts).toHaveLength(4);
    expect(await world.picture(resource.artifacts[3]?.content_url)).toMatchObject({
      format: 'png',
      width: 2048,
      height: 1024,
    });
  });
  expect(bill).toBe(1);
  expect(world.vendor.book.bill.at(-1)).toMatchObject({ order: { seed: 99, count: 4 } });
});

it.each<ControlsInput>([
  // Long enough for whoever would send it again once nobody else can.
  { submit: { mishap: 'accept-then-drop', times: 1 }, job: { seconds: 8 } },
  { submit: { mishap: 'accept-then-502-html', times: 1 } },
  { submit: { mishap: 'accept-then-garbage-json', times: 1 } },
  { submit: { mishap: 'accept-then-cut-body', times: 1 } },
  { webhook: { early: true, duplicate: true } },
  // Larger than an event may be.
  { answers: { logBytes: 300_000 } },
  { answers: { extraFields: true, oddTypes: true } },
])('runs once, and is not asked twice, where %j', async (controls) => {
  world.vendor.control({ job: { seconds: 0.2 }, ...controls });
  await endsWellOnce(world);
});

it('believes nobody who does not bear the token', async () => {
  world.vendor.control({ job: { seconds: 0.1 }, webhook: { wrongSignature: true } });
  const before = world.vendor.deliveries.length;
  const id = await world.create();
  await until('a try', 10, async () => (world.vendor.deliveries.length > before ? true : undefined));
  expect(world.vendor.deliveries.slice(before)).toContain(401);
  world.vendor.control({ job: { seconds: 0.1 } });
  expect(await world.ended(await world.create())).toMatchObject({ status: 'succeeded' });
  expect(await getGeneration(world.target, id)).toMatchObject({ status: 'processing' });
});

it('waits for a place where all are taken, at no cost', async () => {
  world.vendor.control({ refuse: { status: 409, times: 2 } });
  const bill = await world.billed(async () => {
    expect(await world.ended(await world.create())).toMatchObject({ status: 'succeeded' });
  });
  expect(bill).toBe(1);
});

isCanceledAtTheVendor(() => world, 60);

it('says honestly that the model filtered it', async () => {
  world.vendor.control({ job: { seconds: 0.1, end: 'moderated' } });
  expect(await world.ended(await world.create())).toMatchObject({
    status: 'failed',
    error: { code: 'content_rejected' },
  });
});

it('says its key and its token to nobody else', () => {
  expect(world.vendor.calls.every(({ headers }) => headers.authorization === `Bearer ${credential}`)).toBe(
    true,
  );
  expect(world.printed).not.toContain(credential);
  expect(world.printed).not.toContain(token);
});
