import { comfyProtocol, startDouble, type VendorDouble } from '@darkroom/vendor-doubles';
import { textToImageGraph } from '../comfy-workflows/text-to-image.js';
import { printedBy } from '../testing/own-process.js';

let double: VendorDouble;
beforeAll(async () => {
  double = await startDouble(comfyProtocol());
});
afterAll(() => double.stop());
beforeEach(() => double.control({ job: { seconds: 0.2 } }));

const graph = textToImageGraph({
  model: 'sdxl-base',
  prompt: 'a boat',
  width: 512,
  height: 512,
  count: 1,
  seed: 7,
  reference: 'r',
});

/** What a program says that uses the vendor's own client. */
const said = (program: string): Promise<string> =>
  printedBy(
    `import { Comfy, IdempotencyKeyReuse } from '@comfyorg/sdk';
    const client = new Comfy({ apiKey: 'comfyui-key' });
    const workflow = client.workflows.fromJson(${JSON.stringify(graph)});
    ${program}`,
    { COMFY_BASE_URL: double.url },
  );

const tell = 'process.stdout.write';

describe("the vendor's own client reads the double", () => {
  it('submits, waits and reads the picture', async () => {
    const read = await said(`
      const job = await client.run(workflow);
      const bytes = Buffer.from(await job.getOutputs('9')[0].toBytes());
      ${tell}(job.status + ' ' + bytes.toString('latin1', 1, 4));`);
    expect(read).toBe('succeeded PNG');
    expect(double.book.bill.at(-1)).toMatchObject({ order: { width: 512, seed: 7 } });
  });

  it('understands that a key was used', async () => {
    const read = await said(`
      await client.submit(workflow, { idempotencyKey: 'one-key' });
      const second = await client.submit(workflow, { idempotencyKey: 'one-key' }).catch((error) => error);
      ${tell}(String(second instanceof IdempotencyKeyReuse));`);
    expect(read).toBe('true');
  });

  it('gives each submit a key of its own: who calls it again after a lost answer pays again', async () => {
    double.control({ submit: { mishap: 'accept-then-drop', times: 1 } });
    const before = double.book.bill.length;
    const read = await said(`
      const first = await client.submit(workflow).catch(() => 'lost');
      await client.submit(workflow);
      ${tell}(first);`);
    expect(read).toBe('lost');
    expect(double.book.bill.length - before).toBe(2);
  });
});
