import { startComfyProxy } from '@darkroom/infra';
import { comfyProtocol, comfyuiProtocol, type ControlsInput, startDouble } from '@darkroom/vendor-doubles';
import { getGeneration } from '../../faults/client.js';
import { until } from '../../faults/until.js';
import { credential, VendorWorld } from './vendor-world.js';

describe('Comfy Cloud', () => {
  let world: VendorWorld;
  beforeAll(async () => {
    const vendor = await startDouble(comfyProtocol());
    world = await VendorWorld.start(vendor, 'comfy/flux-schnell', {
      base_url: `${vendor.url}/api/v2`,
      limits: { concurrent: 16 },
    });
  });
  afterAll(() => world.stop());
  beforeEach(() => world.vendor.control({ job: { seconds: 0.3 } }));

  it('asks once, and serves the pictures that it verified', async () => {
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
  });

  it('makes the job that never came, with the key that was never used', async () => {
    world.vendor.control({ submit: { mishap: 'drop-before-accept', times: 1 }, job: { seconds: 0.3 } });
    // The submit that never came, and the same once more.
    const bill = await world.billed(async () => {
      expect(await world.ended(await world.create(), 40)).toMatchObject({ status: 'succeeded', attempts: 1 });
    });
    expect(bill).toBe(1);
  });

  it.each<ControlsInput['submit']>([
    { mishap: 'accept-then-drop', times: 1 },
    { mishap: 'accept-then-502-html', times: 1 },
  ])('takes a used key for no more than that: an open question, and one charge (%j)', async (submit) => {
    world.vendor.control({ submit, job: { seconds: 0.3 } });
    const before = world.vendor.book.submits;
    const bill = await world.billed(async () => {
      const id = await world.create();
      await world.isUnknown(id);
      // The key is tried once nobody else can send any more, and is refused.
      await until('the key is tried', 20, async () =>
        world.vendor.book.submits - before > 1 ? true : undefined,
      );
      expect(await getGeneration(world.target, id)).toMatchObject({ status: 'processing', attempts: 1 });
    });
    expect(bill).toBe(1);
  });

  it('says its key to the vendor alone', () => {
    const asked = world.vendor.calls.filter(({ path }) => path.startsWith('/api/'));
    expect(asked.every(({ headers }) => headers.authorization === `Bearer ${credential}`)).toBe(true);
    const fetched = world.vendor.calls.filter(({ path }) => path.startsWith('/files/'));
    expect(fetched.length).toBeGreaterThan(0);
    expect(fetched.every(({ headers }) => headers.authorization === undefined)).toBe(true);
    expect(world.printed).not.toContain(credential);
  });
});

it('goes through Comfy’s own proxy to a ComfyUI', async () => {
  const comfyui = await startDouble(comfyuiProtocol());
  const proxy = await startComfyProxy({ comfyui: comfyui.url });
  const vendor = {
    url: proxy.url,
    book: comfyui.book,
    stop: async () => {
      await proxy.stop();
      await comfyui.stop();
    },
  };
  const world = await VendorWorld.start(vendor, 'comfy-proxy/sdxl-base', { base_url: `${proxy.url}/api/v2` });
  try {
    comfyui.control({ job: { seconds: 0.3 } });
    const bill = await world.billed(async () => {
      const resource = await world.ended(await world.create({ size: '512x768', count: 2 }));
      expect(resource).toMatchObject({ status: 'succeeded', attempts: 1 });
      expect(resource.artifacts).toHaveLength(2);
    });
    expect(bill).toBe(1);
  } finally {
    await world.stop();
  }
});
